"""The verbs of the review: rule, write, audit, tell; import from the file of the noun."""
