"""Who is told what of a decision; import from the file of the noun."""
