"""Who may decide, release and agree, one sentence each; import from the file of the noun."""
