"""What a phase can ask, in the words of the form: the choices behind `Asked.field`."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from proposals.intake.calculations.sections import SECTIONS
from proposals.intake.queries.completeness import label_of

# Answered by rows or by several columns, so no one column names them.
OF_SEVERAL: dict[str, str | Promise] = {
    "participations": _("partner organisations"),
    "pi": _("principal investigator (PI)"),
    "contacts": _("technical and administrative contact"),
    "modules": _("modules and their masses"),
    "questions": _("the call's own questions"),
    "endorsement": _("letter of endorsement"),
    "attachments": _("attached files"),
}


def asked_label(name: str) -> str | Promise:
    """What a field of `Asked` is called, for staff."""
    return OF_SEVERAL[name] if name in OF_SEVERAL else label_of(name)


def askable() -> list[tuple[str | Promise, list[tuple[str, str | Promise]]]]:
    """Every field that a phase can ask, grouped by the page it stands on."""
    return [(section.title, [(name, asked_label(name)) for name in section.fields]) for section in SECTIONS if section.fields]
