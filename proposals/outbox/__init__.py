"""How people hear from us: one row per recipient, delivered at least once."""
