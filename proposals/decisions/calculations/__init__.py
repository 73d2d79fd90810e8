"""Pure functions of decisions; import from the file of the noun."""
