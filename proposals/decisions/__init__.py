"""What we answer: decisions, letters, their release, the agreement and what comes after."""
