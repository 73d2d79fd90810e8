"""Answers about the review that join several models; import from the file of the noun."""
