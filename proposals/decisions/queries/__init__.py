"""Answers about decisions that join several models; import from the file of the noun."""
