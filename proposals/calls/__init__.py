"""What we ask for: calls, phases, envelopes, questions; all of it data."""
