"""Who is told what about proposals: what happened to them, and letters about them."""

from proposals.intake.emails.letters import circular, trial
from proposals.intake.emails.team import TEMPLATE, about, asked, invited, moved, received, team_of

__all__ = ["TEMPLATE", "about", "asked", "circular", "invited", "moved", "received", "team_of", "trial"]
