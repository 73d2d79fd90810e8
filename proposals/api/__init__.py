"""Door three: what other machines tell us."""
