"""What happened: an append-only trail, hashed and sealed."""
