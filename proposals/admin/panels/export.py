"""The results as a spreadsheet, XLSX or CSV: the figures of the page; no text becomes a formula."""

import csv
from collections.abc import Iterable
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _
from django_countries import countries

from proposals.review.calculations.ranking import Change
from proposals.review.queries.results import Results, Row

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What spreadsheets take for the beginning of a formula when they open a CSV file.
BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def heads(found: Results) -> list[str]:
    """The names of the columns."""
    return [
        _("Rank"), _("Rank, lowest"), _("Rank, highest"), _("Reference"), _("Title"), _("Lead organisation"),
        _("Countries or regions"), _("Level"), _("State"), _("Score less leans, %"), _("Weighted mean, %"), _("Rank by the mean"),
        _("Spread, %"), _("Reviews"), _("Criteria not judged"), *(criterion.name for criterion in found.criteria),
        _("Below the pass minimum"), _("Accommodation"), _("Conditions"), _("Mass with margin, kg"),
        _("Rank would change without"), _("Reviews missing"),
    ]  # fmt: skip


def cells(row: Row, found: Results) -> list[Any]:
    """One row: figures as numbers, None where there is none."""
    standing, proposal = row.standing, row.proposal
    names = {str(criterion.pk): criterion.name for criterion in found.criteria}
    return [
        standing.rank,
        standing.low,
        standing.high,
        proposal.reference or "",
        proposal.title,
        proposal.lead.name if proposal.lead else "",
        ", ".join(countries.name(code) or code for code in proposal.countries),
        proposal.get_level_display(),
        proposal.get_status_display(),
        _rounded(standing.score),
        _rounded(standing.percent),
        standing.plain_rank,
        _rounded(standing.spread),
        standing.reviews,
        standing.unable,
        *(_rounded(standing.points.get(key)) for key in names),
        "; ".join(names[key] for key in standing.failed),
        "; ".join(str(one.verdict.label) for one in row.verdicts if one.verdict),
        "; ".join(one.conditions for one in row.verdicts if one.conditions),
        proposal.mass_kg,
        "; ".join(_change(change, found) for change in row.without),
        "; ".join(f"{one.kind.label}: {one.have}/{one.need}" for one in row.missing),
    ]


def workbook(found: Results) -> bytes:
    """The rows as XLSX."""
    file = BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet(_("Results")[:31])
    bold = book.add_format({"bold": True})
    for number, line in enumerate(_lines(found)):
        for column, cell in enumerate(line):
            if isinstance(cell, str):
                sheet.write_string(number, column, cell, bold if number == 0 else None)
            elif cell is not None:
                sheet.write_number(number, column, cell)
    sheet.freeze_panes(1, 5)
    book.close()
    return file.getvalue()


def text(found: Results) -> bytes:
    """The rows as CSV in UTF-8 with its mark; a text that a spreadsheet would take for a formula begins with an apostrophe."""
    file = StringIO(newline="")
    writer = csv.writer(file)
    for line in _lines(found):
        writer.writerow([f"'{cell}" if isinstance(cell, str) and cell.startswith(BEGINS_A_FORMULA) else cell for cell in line])
    return b"\xef\xbb\xbf" + file.getvalue().encode()


def _lines(found: Results) -> Iterable[list[Any]]:
    yield heads(found)
    for row in found.rows:
        yield cells(row, found)


def _change(change: Change, found: Results) -> str:
    return f"{found.people[change.reviewer]}: {change.was} → {'–' if change.now is None else change.now}"


def _rounded(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(f"{value:.2f}")
