"""What a team sees of a decision: nothing before the release, by any page, order, instant or message; then its letter."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from proposals.decisions.actions.releases import release_due
from proposals.decisions.models import Condition, Decision
from proposals.decisions.states import Outcome
from proposals.intake.models import Access, TeamMember
from proposals.intake.states import MOVES, SHOWN_AS, SHOWN_STATE, SILENT, Status, TeamRole
from proposals.partners.actions import make_calendar_address
from proposals.review.actions.panels import bring_before_panel
from tests.decisions.standing import faults
from tests.factories import (
    make_call,
    make_decision,
    make_next_phase,
    make_proposal,
    make_release,
    make_staff,
    make_user,
    make_wording,
)
from tests.test_matrix import ABOUT_A_PROPOSAL, filled, stripped

pytestmark = pytest.mark.django_db


def now():
    return datetime.now(UTC)


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def released(*decisions):
    make_release(*decisions)
    assert release_due(now=now()) == 1
    return [Decision.objects.get(pk=one.pk) for one in decisions]


def text_of(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def letter_page(decision):
    return reverse("portal:letter", args=[decision.proposal_id, decision.pk])


@pytest.fixture(params=["both locks", "first lock alone"])
def locks(request, settings):
    """With row-level security and without it: what the doors ask must be enough by itself."""
    if request.param == "first lock alone":
        settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if not one.endswith("RowSecurityMiddleware")]


def test_what_shares_a_word_is_one_state_to_partners():
    by_word = {}
    for status in Status:
        by_word.setdefault(str(SHOWN_AS[status]), set()).add(SHOWN_STATE.get(status, status))
    assert [states for states in by_word.values() if len(states) > 1] == []
    silent = {(was, to) for was in Status for to in MOVES[was] if str(SHOWN_AS[was]) == str(SHOWN_AS[to])}
    assert silent == SILENT


def test_nothing_of_a_decision_is_seen_before_its_release(locks):
    """Every page of a partner, its calendar and its inbox, byte by byte, at one frozen instant after each step."""
    start = now()
    user, call = make_user(), make_call(opens_at=start - timedelta(days=30), closes_at=start + timedelta(days=30))
    proposals = [make_proposal(by=user, call=call, status=Status.UNDER_REVIEW, at=start - timedelta(days=n)) for n in (3, 2, 1)]
    decided = proposals[1]
    token = make_calendar_address(user, by=user, now=start)
    staff, at = make_staff(), start + timedelta(hours=2)

    def seen():
        cache.clear()
        client = signed_in(user)
        others = {"decision": str(Decision.objects.order_by("-pk").values_list("pk", flat=True).first() or 1)}
        addresses = [filled(route, decided.pk, others) for route in ABOUT_A_PROPOSAL]
        addresses = [re.sub(r"/letters/\d+/", "/letters/X/", one) for one in addresses]
        addresses += ["/dashboard/", "/inbox/", "/calls/", f"/calls/{call.slug}/", f"/calendar/{token}.ics", "/organisations/"]
        real = [one.replace("/letters/X/", f"/letters/{others['decision']}/") for one in addresses]
        with time_machine.travel(at, tick=False):
            answers = [client.get(one) for one in real]
        client.post(reverse("account_logout"))
        return {
            one: (answer.status_code, stripped(answer.content).replace(real_one.encode(), one.encode()))
            for one, real_one, answer in zip(addresses, real, answers, strict=True)
        }

    before = seen()
    assert before["/dashboard/"][0] == before[f"/calendar/{token}.ics"][0] == 200
    steps = [
        lambda: bring_before_panel([decided], by=staff, now=start + timedelta(minutes=1)),
        lambda: make_decision(decided, feedback="A secret word.", by=staff, now=start + timedelta(minutes=2)),
        lambda: make_release(Decision.objects.get(), approved=False),
        lambda: make_release(make_decision(proposals[0]), at=start + timedelta(days=1)),
    ]
    for step in steps:
        for proposal in proposals:
            proposal.refresh_from_db()
        step()
        assert {one for one, answer in seen().items() if answer != before[one]} == set()


def test_a_team_reads_its_letter_in_its_own_language_else_in_english():
    call = make_call()
    french, german = make_user(language="fr"), make_user(language="ru")
    wording = make_wording(body="Dear {name},\n\n{feedback}", fr="Bonjour {name},\n\n{feedback}")
    answers = released(
        *(
            make_decision(make_proposal(by=who, call=call, status=Status.PANEL), wording=wording, feedback="<b>Bold</b>")
            for who in (french, german)
        )
    )
    page = signed_in(french).get(letter_page(answers[0]))
    assert (f"Bonjour {french}," in page.content.decode(), "&lt;b&gt;Bold&lt;/b&gt;" in page.content.decode()) == (True, True)
    assert f"Dear {german}," in signed_in(german).get(letter_page(answers[1])).content.decode()
    assert f"Dear {french}," in signed_in(french).get(letter_page(answers[0]) + "?language=en").content.decode()
    assert f"Bonjour {french}," in signed_in(french).get(letter_page(answers[0]) + "?language=xx").content.decode()
    assert faults() == []


def test_the_proposals_page_and_the_dashboard_lead_to_it():
    (answer,) = released(make_decision())
    client = signed_in(answer.proposal.created_by)
    for address in (reverse("portal:proposal", args=[answer.proposal_id]), reverse("portal:dashboard")):
        assert f'href="{letter_page(answer)}"' in client.get(address).content.decode()
    page = text_of(client.get(letter_page(answer)))
    assert ("Confidential until announced" in page, answer.letters.get().sha256 in page) == (True, True)


def test_conditions_are_listed_with_their_days_and_what_is_met():
    terms = [{"text": "Show a vacuum test.", "due_on": date(2027, 5, 1)}, {"text": "Name the battery."}]
    (answer,) = released(make_decision(outcome=Outcome.CONDITIONAL, conditions=terms))
    Condition.objects.filter(text="Name the battery.").update(met_at=now(), met_by=make_staff())
    client = signed_in(answer.proposal.created_by)
    for address in (letter_page(answer), reverse("portal:proposal", args=[answer.proposal_id])):
        page = text_of(client.get(address))
        assert "Show a vacuum test. open due 1 May 2027" in page.replace("May 1, 2027", "1 May 2027")
        assert "Name the battery. met" in page


def test_nobody_else_reads_a_letter(locks):
    (answer,) = released(make_decision())
    (other,) = released(make_decision())
    rival = signed_in(other.proposal.created_by)
    assert rival.get(letter_page(answer)).status_code == 404
    mixed = reverse("portal:letter", args=[other.proposal_id, answer.pk])
    assert rival.get(mixed).status_code == 404
    assert rival.get(letter_page(other)).status_code == 200
    waiting = make_decision()
    make_release(waiting, at=now() + timedelta(days=1))
    assert signed_in(waiting.proposal.created_by).get(letter_page(waiting)).status_code == 404


def test_both_sides_of_a_merge_read_of_each_other():
    call = make_call()
    into = make_proposal(call=call, status=Status.PANEL, title="The other")
    parent = make_proposal(call=call, status=Status.PANEL, title="The one")
    first = make_decision(into, wording=make_wording(body="Joined:\n{merged}"))
    second = make_decision(parent, outcome=Outcome.MERGED, merged_into=into, wording=make_wording(body="Into {merged_into}"))
    released(first, second)
    joined = f"{parent.reference}, “The one” ({parent.lead})"
    page = text_of(signed_in(into.created_by).get(letter_page(first)))
    assert joined in page
    own = signed_in(parent.created_by)
    assert f"Into {into.reference}, “The other” ({into.lead})" in text_of(own.get(letter_page(second)))
    pages = {one: own.get(reverse("portal:proposal", args=[one.pk])).content.decode() for one in (into, parent)}
    assert reverse("portal:proposal", args=[into.pk]) in pages[parent]
    assert reverse("portal:proposal", args=[parent.pk]) in pages[into]
    theirs = signed_in(into.created_by).get(reverse("portal:proposal", args=[into.pk])).content.decode()
    assert (parent.reference in theirs, reverse("portal:proposal", args=[parent.pk]) in theirs) == (True, False)


def test_a_team_withdraws_what_is_decided_without_learning_of_it():
    decision = make_decision()
    client = signed_in(decision.proposal.created_by)
    answer = client.post(reverse("portal:withdraw", args=[decision.proposal_id]), {"reason": "No funds."}, follow=True)
    decision.refresh_from_db()
    decision.proposal.refresh_from_db()
    assert (decision.proposal.status, decision.dropped_at is None) == (Status.WITHDRAWN, False)
    assert "decision" not in text_of(answer).lower().replace("decisions", "")


def test_an_invitation_tells_its_deadline_in_the_letter():
    call = make_call()
    following = make_next_phase(call, closes_at=datetime(2027, 6, 30, 15, 59, tzinfo=UTC) + timedelta(days=400))
    proposal = make_proposal(call=call, status=Status.PANEL)
    wording = make_wording(body="{next_phase} by {deadline}.")
    (answer,) = released(make_decision(proposal, outcome=Outcome.PRELIMINARY, wording=wording))
    body = answer.letters.get().body
    assert body == f"{following.title} by {body.removeprefix(f'{following.title} by ')}"
    assert re.fullmatch(r"Full proposal by \d+ \w+ 2028, 23:59 Beijing \(UTC\+8\) = 15:59 UTC\.", body)


def test_the_page_costs_the_same_for_one_and_for_three_people():
    counts = []
    for n in (1, 3):
        (answer,) = released(make_decision())
        for _ in range(n - 1):
            person = make_user()
            TeamMember.objects.create(
                proposal=answer.proposal, full_name=str(person), role=TeamRole.CO_I, user=person, accepted_at=now()
            )
            Access.objects.create(proposal=answer.proposal, user=person, why="team")
        client = signed_in(answer.proposal.created_by)
        with CaptureQueriesContext(connection) as counted:
            assert client.get(letter_page(answer)).status_code == 200
        counts.append(len(counted))
    assert counts[0] == counts[1]
