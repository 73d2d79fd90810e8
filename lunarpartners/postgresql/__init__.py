"""Django's PostgreSQL, but for how a kept connection is found to be dead."""
