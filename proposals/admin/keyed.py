"""Long lists that only grow, newest first, fifty a page by id, with an allow-list of filters; nothing is edited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    Stock = ModelAdmin[Any]
else:
    Stock = object

PAGE = 50
BIGGEST = 2**63 - 1


@dataclass(frozen=True)
class Filter:
    """One filter: its parameter is its field's name or `field`; with `options` a choice, without them an exact text."""

    name: str
    label: Any
    field: str
    options: Sequence[tuple[Any, Any]] = ()

    def allows(self, value: str) -> bool:
        """Whether a value may stand in the address."""
        if self.options:
            return value in {str(option) for option, _label in self.options}
        return len(value) <= 100 and value.isprintable()

    def narrow(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """The rows that fit a value."""
        return rows.filter(**{self.field: value})


class KeyedList(Stock):
    """A change list of our own: allow-listed filters, keyset pages, no counts."""

    filters: Sequence[Filter] = ()
    list_template: str

    def rows(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows this reader may see, in no order."""
        return self.get_queryset(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """One page of the list."""
        if not self.has_view_permission(request) or request.method != "GET":
            raise PermissionDenied
        kept, problems = self._understood(request.GET)
        fitting = self.rows(request)
        for each in self.filters:
            fitting = each.narrow(fitting, kept[each.name]) if each.name in kept else fitting
        rows, newer, older = _page(fitting, kept)
        context = {
            **self.admin_site.each_context(request),
            "title": self.opts.verbose_name_plural,
            "opts": self.opts,
            "rows": rows,
            "problems": problems,
            "filters": [(each, kept.get(each.name, "")) for each in self.filters],
            "newer_url": newer and _address(kept, after=newer),
            "older_url": older and _address(kept, before=older),
            **(extra_context or {}),
        }
        return TemplateResponse(request, self.list_template, context)

    def _understood(self, given: QueryDict) -> tuple[dict[str, str], list[str]]:
        """The parameters that are allowed, and a sentence for each that is not."""
        known = {each.name: each.allows for each in self.filters} | {"before": _is_id, "after": _is_id}
        kept: dict[str, str] = {}
        problems: list[str] = []
        for name, values in given.lists():
            value = values[-1]
            if name not in known:
                problems.append(_("“%(name)s” is not a filter of this list.") % {"name": name[:40]})
            elif value and not known[name](value):
                says = _("“%(value)s” is not a value that “%(name)s” may have here; it was left out.")
                problems.append(says % {"value": value[:60].replace("\x00", "�"), "name": name})
            elif value:
                kept[name] = value
        return kept, problems


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdecimal() and int(value[:20]) <= BIGGEST


def _address(kept: Mapping[str, str], **place: int) -> str:
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in kept.items() if name not in {"before", "after"}})
    query.update({name: str(value) for name, value in place.items()})
    return "?" + query.urlencode()


def _page(rows: QuerySet[Any], kept: Mapping[str, str]) -> tuple[list[Any], int | None, int | None]:
    """The rows of one page, newest first, and the ids to go on from: (rows, newer, older)."""
    if "after" in kept:
        found = list(rows.filter(pk__gt=int(kept["after"])).order_by("pk")[: PAGE + 1])
        more, found = len(found) > PAGE, found[:PAGE][::-1]
        return found, found[0].pk if more else None, found[-1].pk if found else None
    if "before" in kept:
        rows = rows.filter(pk__lt=int(kept["before"]))
    found = list(rows.order_by("-pk")[: PAGE + 1])
    more, found = len(found) > PAGE, found[:PAGE]
    return found, found[0].pk if found and "before" in kept else None, found[-1].pk if more else None
