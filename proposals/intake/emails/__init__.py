"""Who is told what about proposals: what happened to them, what is due, and letters about them."""

from proposals.intake.emails.letters import circular, trial
from proposals.intake.emails.reminders import announce, remind
from proposals.intake.emails.team import TEMPLATE, about, asked, invited, moved, received, team_of

__all__ = ["TEMPLATE", "about", "announce", "asked", "circular", "invited", "moved", "received", "remind", "team_of", "trial"]
