"""The queue as a spreadsheet: what is shown, written row by row to a file; no text becomes a formula."""

from collections.abc import Iterable
from tempfile import TemporaryFile
from typing import IO, Any

import xlsxwriter
from django.utils.translation import gettext as _
from django_countries import countries

from proposals.calls.states import Form, Level
from proposals.intake.models import Proposal

ROWS_AT_MOST = 10_000


def spreadsheet(proposals: Iterable[Proposal]) -> IO[bytes]:
    """An open XLSX file at its start, with at most 10,000 rows; the last line says so where there were more."""
    file = TemporaryFile()  # noqa: SIM115  # the response closes it when it has been sent
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm"})
    sheet = book.add_worksheet(_("Proposals")[:31])
    bold, mass = book.add_format({"bold": True}), book.add_format({"num_format": "0.000"})
    for column, head in enumerate(_heads()):
        sheet.write_string(0, column, head, bold)
    sheet.freeze_panes(1, 0)
    row = 0
    for row, proposal in enumerate(proposals, 1):
        if row > ROWS_AT_MOST:
            sheet.write_string(
                row, 0, _("Only the first %(rows)d rows are here; narrow the list for the rest.") % {"rows": ROWS_AT_MOST}
            )
            break
        _write(sheet, row, _cells(proposal), mass)
    book.close()
    file.seek(0)
    return file


def _heads() -> list[str]:
    return [
        _("Reference"), _("Title"), _("Acronym"), _("Call"), _("Level"), _("Forms of cooperation"), _("Lead organisation"),
        _("Countries or regions"), _("State"), _("In this state since (UTC)"), _("Mass with margin, kg"),
        _("Largest module, kg"), _("Over a cap"), _("Late"), _("Endorsed"), _("Handled by"), _("Tags"),
    ]  # fmt: skip


def _cells(proposal: Proposal) -> list[Any]:
    yes = {True: _("yes"), False: _("no")}
    return [
        proposal.reference or "",
        proposal.title,
        proposal.acronym,
        proposal.call.code,
        str(Level(proposal.level).label),
        ", ".join(str(Form(form).label) for form in proposal.forms),
        proposal.lead.name if proposal.lead else "",
        ", ".join(countries.name(code) or code for code in proposal.countries),
        proposal.get_status_display(),
        f"{proposal.moved_at:%Y-%m-%d %H:%M}",
        proposal.mass_kg,
        proposal.largest_module_kg,
        yes[proposal.is_over_cap],
        yes[proposal.is_late],
        yes[proposal.has_endorsement],
        str(proposal.assignee or ""),
        ", ".join(proposal.tags),
    ]


def _write(sheet: Any, row: int, cells: list[Any], mass: Any) -> None:
    """Figures as numbers, everything else as text: a title that begins with "=" stays a title."""
    for column, cell in enumerate(cells):
        if isinstance(cell, str):
            sheet.write_string(row, column, cell)
        elif cell is not None:
            sheet.write_number(row, column, cell, mass)
