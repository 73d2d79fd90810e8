"""Who is told what of the review; import from the file of the noun."""
