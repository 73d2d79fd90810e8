"""What partners send: proposals, their versions, moves, sheets and files."""
