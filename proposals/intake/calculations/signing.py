"""What a partner organisation signs for, and when a deadline is so near that a draft is spoken of loudly."""

from datetime import datetime, timedelta
from typing import Any

# Why a person who is not of the team may read a proposal: they stand for an organisation that takes part in it.
REPRESENTATIVE = "representative"
NEAR = timedelta(days=3)


def part_of(document: dict[str, Any], organisation_id: int) -> dict[str, Any] | None:
    """A partner organisation's part of a proposal's document; None for one that takes no part.

    It is what the organisation commits itself to, and no more: who leads it into which call, phase and level; its role and its
    share, with the cost that the share is of; its people. A word changed in the abstract voids no signature, nor does another
    partner's line, nor a name that the secretariat corrects.
    """
    mine = next((row for row in document["partners"] if row.get("id") == organisation_id), None)
    if mine is None:
        return None
    fields, lead = document["fields"], document["lead"]
    return {
        "call": document["call"],
        "phase": document["phase"],
        "level": document["level"],
        "forms": document["forms"],
        "lead": lead["id"] if lead else None,
        "organisation": organisation_id,
        "role": mine["role"],
        "share_percent": mine["share_percent"],
        "cost_amount": fields.get("cost_amount"),
        "cost_currency": fields.get("cost_currency", ""),
        "people": [
            {key: person[key] for key in ("full_name", "native_name", "email", "role")}
            for person in document["team"]
            if person["organisation"] == mine["name"]
        ],
    }


def is_near(closes_at: datetime, now: datetime) -> bool:
    """Whether a deadline is at most three days away, or has passed."""
    return closes_at - now <= NEAR
