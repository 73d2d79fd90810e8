"""Door one: the partners' pages."""
