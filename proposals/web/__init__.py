"""What the doors share: middleware, template tags, plots."""
