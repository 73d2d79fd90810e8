"""Door two: the staff's pages, on the stock Django admin."""
