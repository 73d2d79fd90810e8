"""Who may do what in the review, one sentence each; import from the file of the noun."""
