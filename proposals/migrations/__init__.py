"""One linear chain."""
