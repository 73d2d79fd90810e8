"""The two outside systems of the outbox: the mail relay, and the broker's bell."""

from proposals.outbox.gateways.bell import knock
from proposals.outbox.gateways.relay import Mail, Relay

__all__ = ["Mail", "Relay", "knock"]
