"""The verbs of deciding: rule, write, audit, tell; import from the file of the noun."""
