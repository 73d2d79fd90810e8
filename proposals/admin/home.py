"""The staff's home: what needs the reader, how the call is doing, and whether mail moves."""

from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_countries import countries

from proposals.admin.queue.filters import capped, encode
from proposals.admin.releases.waiting import releases_waiting
from proposals.calls.models import Call
from proposals.calls.queries import Shown, shown_calls
from proposals.calls.states import Form
from proposals.intake.queries.overview import Glance, glance
from proposals.intake.queries.queue import View, Wanted, capped_counts, queue
from proposals.intake.queries.reconciliation import untold
from proposals.intake.queries.unbarred import barred_from, bounces_for, circulars_for, messages_for
from proposals.intake.rules import may_triage
from proposals.intake.states import Status
from proposals.outbox.queries import mail_health, mail_health_of
from proposals.outbox.states import Delivery
from proposals.web.plots import bars, number, timeline
from proposals.web.templatetags.lunar import plain
from proposals.web.templatetags.triage import level_word

FRESH_S = 60
COUNTRIES_SHOWN = 15
PARTS = (
    ("proposal", gettext_lazy("Proposals")),
    ("panel", gettext_lazy("Panels and results")),
    ("decision", gettext_lazy("Decisions")),
    ("release", gettext_lazy("Releases")),
    ("condition", gettext_lazy("Conditions")),
    ("agreement", gettext_lazy("Agreements")),
    ("announcement", gettext_lazy("Announcements")),
    ("expert", gettext_lazy("Experts")),
    ("conflict", gettext_lazy("Conflicts of interest")),
    ("reviewplan", gettext_lazy("Plans of review")),
    ("assignment", gettext_lazy("Assignments")),
    ("pairing", gettext_lazy("Plans of assignment")),
    ("call", gettext_lazy("Calls")),
    ("organisation", gettext_lazy("Organisations")),
    ("user", gettext_lazy("People")),
    ("message", gettext_lazy("Messages")),
    ("circular", gettext_lazy("Circulars")),
    ("wording", gettext_lazy("Wordings")),
    ("event", gettext_lazy("Trail")),
    ("notice", gettext_lazy("Pages")),
)
BOUNCES_SHOWN = 10
UNTOLD_DAYS, UNTOLD_FRESH_S = 7, 600


def home(request: HttpRequest) -> dict[str, Any]:
    """The variables of the index page; the figures of the call are at most a minute old, and say so."""
    now, barred = timezone.now(), barred_from(request.user)
    shown = shown_calls(Call.objects.visible_to(request.user), now)
    chosen = next((one for one in shown if one.call.code == request.GET.get("call")), shown[0] if shown else None)
    figures = _figures(chosen.call, request.user, barred, now) if chosen else None
    return {
        "parts": [(label, reverse(f"admin:proposals_{model}_changelist")) for model, label in PARTS],
        "needs": _needs(request.user, barred, now),
        "calls": [one.call for one in shown],
        "call": chosen.call if chosen else None,
        "stage": chosen.stage if chosen else None,
        "figures": figures,
        "plots": _plots(chosen, figures) if chosen and figures else [],
        "mail": _mail(request.user, barred, now),
    }


def _figures(call: Call, user: Any, barred: list[UUID], now: datetime) -> Glance:
    """From the cache for a minute; never another reader's, nor those from before a conflict that bars since."""
    key = f"glance:{user.pk}:{call.pk}:{sha256(repr(barred).encode()).hexdigest()[:16]}"
    kept: Glance | None = cache.get(key)
    if kept is None:
        kept = glance(call, user=user, now=now)
        cache.set(key, kept, FRESH_S)
    return kept


def _needs(user: Any, barred: list[UUID], now: datetime) -> list[dict[str, str]]:
    """What waits, the reader's own first: words, count and the way into the queue; two statements."""
    waits = View.NEEDS_ME
    asked: list[tuple[str, Wanted, dict[str, str]]] = []
    if may_triage(user):
        asked = [
            (_("wait and are yours"), Wanted(view=waits, assignee=user.pk), {"view": waits, "assignee": "me"}),
            (_("wait and are nobody's"), Wanted(view=waits, assignee=0), {"view": waits, "assignee": "nobody"}),
        ]
    late = (Status.LATE.value,)
    asked += [
        (_("are new"), Wanted(view=View.NEW), {"view": View.NEW}),
        (_("came late and wait to be admitted"), Wanted(states=late), {"state": Status.LATE}),
        (_("have a question out"), Wanted(view=View.QUESTIONS), {"view": View.QUESTIONS}),
        (_("are being corrected"), Wanted(view=View.RETURNED), {"view": View.RETURNED}),
        (_("have a lead organisation to confirm"), Wanted(unconfirmed=True), {"confirmed": "no"}),
    ]
    counts = capped_counts([queue(user, wanted, now=now) for _label, wanted, _query in asked])
    page = reverse("admin:proposals_proposal_changelist")
    return (
        releases_waiting(user)
        + _held(user, barred)
        + [
            {"label": label, "count": capped(count), "url": f"{page}?{encode({k: [str(v)] for k, v in query.items()})}"}
            for (label, _wanted, query), count in zip(asked, counts, strict=True)
        ]
    )


def _held(user: Any, barred: list[UUID]) -> list[dict[str, str]]:
    """The circulars that one person wrote and a second has to read, where there are any."""
    held = circulars_for(user, barred).filter(approved_at=None, stopped_at=None).count()
    label = ngettext("circular waits for a second person", "circulars wait for a second person", held)
    return [{"label": label, "count": capped(held), "url": reverse("admin:proposals_circular_changelist")}] if held else []


def _plots(shown: Shown, figures: Glance) -> list[dict[str, Any]]:
    """Each plot with its message, its drawing and the same figures as a table."""
    counted = _("Proposals")
    kinds = [(level_word(level), n) for level, n in figures.by_level]
    forms = [(str(Form(form).label), n) for form, n in figures.by_form]
    places = [(countries.name(code) or code, n) for code, n in figures.by_country]
    live = ngettext("%(n)s live proposal, by level", "%(n)s live proposals, by level", figures.live)
    ticked = _("Mission level, by form of cooperation (one proposal may tick several)")
    taking_part = ngettext("%(n)s country or region takes part", "%(n)s countries or regions take part", len(places))
    if len(places) > COUNTRIES_SHOWN:
        taking_part = _("%(n)s countries or regions take part; these are the most frequent")
    return [
        *([_arrivals(shown, figures)] if shown.stages else []),
        _bars(live % {"n": number(figures.live)}, kinds, counted),
        _bars(ticked, forms, counted),
        _bars(taking_part % {"n": number(len(places))}, places[:COUNTRIES_SHOWN], counted),
        *_masses(shown.call, figures),
    ]


def _masses(call: Call, figures: Glance) -> list[dict[str, Any]]:
    """The mass asked for against each cap that the call has."""
    found = []
    total = sum((kg for _level, kg in figures.mass_kg), start=Decimal(0))
    if call.total_mass_kg:
        caps = {"asked": _figure(total), "cap": _figure(call.total_mass_kg)}
        said = _("Live payload proposals ask for %(asked)s of the %(cap)s kg on the lander") % caps
        asked = [(level_word(level), kg) for level, kg in figures.mass_kg]
        rows = [(_("together"), total), *asked] if asked else []
        found.append(_bars(said, rows, _("Mass, kg"), cap=call.total_mass_kg, unit="kg"))
    if call.module_mass_kg:
        said = _("The heaviest modules against the %(cap)s kg for one") % {"cap": _figure(call.module_mass_kg)}
        found.append(_bars(said, figures.heaviest_kg, _("Mass, kg"), cap=call.module_mass_kg, unit="kg"))
    return found


def _bars(title: str, rows: Any, head: str, *, cap: Any = None, unit: str = "") -> dict[str, Any]:
    rows = [(label, plain(value)) for label, value in rows]
    return {
        "title": title,
        "svg": bars(title, rows, cap=plain(cap), unit=unit),
        "head": ["", head],
        "rows": [(label, number(value)) for label, value in rows],
    }


def _figure(value: Decimal) -> str:
    return number(plain(value) or 0)


def _arrivals(shown: Shown, figures: Glance) -> dict[str, Any]:
    first = shown.stages[0].phase
    title = ngettext("%(n)s proposal was submitted", "%(n)s proposals were submitted", figures.filed) % {
        "n": number(figures.filed)
    }
    return {
        "title": title,
        "svg": timeline(title, figures.over_time, first.closes_at),
        "head": [_("By (UTC)"), _("Submitted in all")],
        "rows": [(f"{at:%Y-%m-%d %H:%M}", number(n)) for at, n in figures.over_time],
    }


def _mail(user: Any, barred: list[UUID], now: datetime) -> dict[str, Any]:
    """Whether mail moves, what failed, from where mail came back, and moves that nobody was told of."""
    health = mail_health(now) if not barred else mail_health_of(messages_for(user, barred), now)
    page = reverse("admin:proposals_message_changelist")
    failed = [Delivery.REFUSED, Delivery.BOUNCED, Delivery.DEAD, Delivery.UNCERTAIN]
    minutes = None if health.oldest_due_s is None else int(health.oldest_due_s // 60)
    back = bounces_for(user, barred).still_used().order_by("-at", "-id")
    return {
        "waits": "" if minutes is None else ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes},
        "slow": health.is_late,
        "retrying": capped(health.retrying),
        "failed": [
            {"label": state.label, "count": capped(health.counts.get(state, 0)), "url": f"{page}?delivery={state.value}"}
            for state in failed
        ],
        "bad": any(health.counts.get(state, 0) for state in failed[:3]),
        "came_back": list(back[:BOUNCES_SHOWN]),
        "untold": sum(1 for proposal in _untold(now) if proposal not in {str(pk) for pk in barred}),
        "untold_days": UNTOLD_DAYS,
    }


def _untold(now: datetime) -> list[str]:
    """For each person who was not told of a move of the last days, its proposal; reckoned anew every ten minutes at most."""
    kept: list[str] | None = cache.get("untold")
    if not isinstance(kept, list):
        kept = [str(gap.proposal_id) for gap in untold(since=now - timedelta(days=UNTOLD_DAYS))]
        cache.set("untold", kept, UNTOLD_FRESH_S)
    return kept
