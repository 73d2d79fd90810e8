"""What feedback to a proposer must not hold: another proposal. Reviewers are not looked for: an answer would name them."""

import re

from proposals.intake.calculations.reference import is_valid


def names_another(text: str, *, code: str, own: str) -> str:
    """The first reference of this call in a text that is not the proposal's own, told by its check character; "" for none."""
    shape = re.compile(rf"(?<!\w){re.escape(code)}-\w{{4,12}}(?!\w)", re.IGNORECASE)
    return next((found for found in shape.findall(text) if found.upper() != own.upper() and is_valid(found)), "")
