"""Who writes to us: people, organisations, memberships, invitations."""
