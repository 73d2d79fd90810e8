"""The staff's home: what needs the reader, the call's figures and plots, mail's health; for each reader their own."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from proposals.intake.models import Access, Proposal, Version
from proposals.intake.queries.overview import glance, thinned
from proposals.intake.states import Status
from proposals.partners.states import StaffRole
from tests.factories import make_call, make_message, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db
HOME = "/staff/"


@pytest.fixture
def staff(client):
    user = make_staff()
    client.force_login(user)
    return user


def needs(client):
    return {need["label"]: need["count"] for need in client.get(HOME).context["needs"]}


def filed(proposal, at):
    Version.objects.create(
        proposal=proposal,
        phase=proposal.phase,
        number=1,
        canonical="{}",
        sha256="0" * 64,
        frozen_at=at,
        frozen_by=proposal.created_by,
    )
    return proposal


def test_home_is_for_staff(client):
    assert client.get(HOME).status_code == 302
    client.force_login(make_user())
    assert client.get(HOME).status_code == 302


def test_home_says_what_needs_the_reader_first(client, staff):
    call = make_call()
    make_proposal(call=call, status=Status.SUBMITTED, assignee=staff)
    make_proposal(call=call, status=Status.LATE)
    make_proposal(call=call, status=Status.CLARIFICATION, assignee=make_staff())
    assert list(needs(client).items()) == [
        ("wait and are yours", "1"),
        ("wait and are nobody's", "1"),
        ("are new", "1"),
        ("came late and wait to be admitted", "1"),
        ("have a question out", "1"),
        ("are being corrected", "0"),
        ("have a lead organisation to confirm", "3"),
    ]


def test_home_counts_lead_to_lists_of_that_length(client, staff):
    call = make_call()
    make_proposal(call=call, status=Status.SUBMITTED, assignee=staff)
    for status in (Status.LATE, Status.CLARIFICATION, Status.RETURNED):
        make_proposal(call=call, status=status)
    for need in client.get(HOME).context["needs"]:
        page = client.get(need["url"])
        assert (page.context["asked"].problems, str(len(page.context["rows"]))) == ([], need["count"])


def test_observer_is_not_told_to_act(client):
    client.force_login(make_staff(role=StaffRole.OBSERVER))
    assert [label for label in needs(client) if label.startswith("wait and")] == []


def test_glance_counts_live_proposals_and_sums_their_masses(staff):
    call, at = make_call(), datetime(2027, 3, 1, 12, 20, tzinfo=UTC)
    masses = {"mass_kg": Decimal("10.5"), "largest_module_kg": Decimal("6.25")}
    filed(make_proposal(call=call, status=Status.SUBMITTED, countries=["IT", "PE"], **masses), at)
    filed(
        make_proposal(call=call, status=Status.SUBMITTED, countries=["PE"], level="system", **masses), at + timedelta(minutes=5)
    )
    filed(
        make_proposal(call=call, status=Status.UNDER_REVIEW, level="mission", forms=["interaction", "surface"]),
        at + timedelta(hours=2),
    )
    filed(make_proposal(call=call, status=Status.WITHDRAWN, countries=["FR"], **masses), at + timedelta(hours=2))
    make_proposal(call=call, countries=["FR"], **masses)
    make_proposal(status=Status.SUBMITTED, countries=["FR"], **masses)
    seen = glance(call, user=staff, now=at)
    assert (seen.filed, seen.live) == (4, 3)
    assert seen.over_time == [(at.replace(minute=0), 2), (at.replace(minute=0) + timedelta(hours=2), 4)]
    assert sorted(seen.by_level) == [("mission", 1), ("system", 1), ("unit", 1)]
    assert (seen.by_form, seen.by_country) == ([("interaction", 1), ("surface", 1)], [("PE", 2), ("IT", 1)])
    assert sorted(seen.mass_kg) == [("system", Decimal("10.500")), ("unit", Decimal("10.500"))]
    assert [kg for _reference, kg in seen.heaviest_kg] == [Decimal("6.250")] * 2


def test_glance_leaves_out_what_bars_its_reader(staff):
    hidden = filed(make_proposal(status=Status.SUBMITTED, countries=["IT"]), datetime.now(UTC))
    Access.objects.create(proposal=hidden, user=staff, grant=False, why="conflict")
    seen = glance(hidden.call, user=staff, now=datetime.now(UTC))
    assert (seen.filed, seen.live, seen.by_country, seen.over_time) == (0, 0, [], [])


def test_figures_are_kept_a_minute_and_for_each_reader_apart(client, staff):
    proposal = filed(make_proposal(status=Status.SUBMITTED), datetime.now(UTC))
    assert client.get(HOME).context["figures"].live == 1
    filed(make_proposal(call=proposal.call, status=Status.SUBMITTED), datetime.now(UTC))
    assert client.get(HOME).context["figures"].live == 1
    barred = make_staff()
    for hidden in Proposal.objects.all():
        Access.objects.create(proposal=hidden, user=barred, grant=False, why="conflict")
    client.force_login(barred)
    assert client.get(HOME).context["figures"].live == 0
    client.force_login(staff)
    cache.clear()
    assert client.get(HOME).context["figures"].live == 2


def test_every_plot_has_the_same_figures_as_a_table(client, staff):
    proposal = make_proposal(
        status=Status.SUBMITTED, mass_kg=Decimal("250.000"), largest_module_kg=Decimal("100.001"), countries=["PE"]
    )
    filed(proposal, datetime.now(UTC))
    response = client.get(HOME)
    plots = {plot["title"]: plot["rows"] for plot in response.context["plots"]}
    assert plots["Live payload proposals ask for 250 of the 200 kg on the lander"] == [("together", "250"), ("unit level", "250")]
    assert plots["The heaviest modules against the 100 kg for one"] == [(proposal.reference, "100.001")]
    assert plots["1 country or region takes part"] == [("Peru", "1")]
    assert len(plots) == 6
    assert response.content.count(b'<svg class="lp-plot-svg"') == response.content.count(b"The same figures as a table") == 6


def test_call_is_chosen_among_those_there_are(client, staff):
    make_call(code="AAA")
    make_call(code="BBB")
    assert client.get(HOME + "?call=AAA").context["call"].code == "AAA"
    assert client.get(HOME + "?call=nonsense%00").status_code == 200


def test_home_without_any_call_says_how_to_begin(client, staff):
    response = client.get(HOME)
    assert (response.status_code, response.context["call"], b"There is no call yet" in response.content) == (200, None, True)


def test_mail_that_stands_still_is_said(client, staff):
    assert client.get(HOME).context["mail"]["waits"] == ""
    make_message(due_at=datetime.now(UTC) - timedelta(minutes=7))
    make_message(delivery="refused")
    mail = client.get(HOME).context["mail"]
    assert (mail["waits"], mail["slow"], mail["bad"]) == ("7 minutes", True, True)
    assert [(str(state["label"]), state["count"]) for state in mail["failed"]] == [
        ("refused", "1"),
        ("bounced", "0"),
        ("given up", "0"),
        ("uncertain", "0"),
    ]
    assert client.get(mail["failed"][0]["url"]).context["problems"] == []


def test_move_that_nobody_was_told_of_is_said(client, staff):
    cache.clear()
    assert b"Every move that partners are shown has its messages" in client.get(HOME).content
    make_proposal(status=Status.SUBMITTED)  # by the factory, which tells nobody
    cache.clear()
    assert b"1 person was not told of a move of the last 7 days" in client.get(HOME).content


def test_long_stairs_are_thinned_and_end_where_they_end():
    at = datetime(2027, 3, 1, tzinfo=UTC)
    points = [(at + timedelta(hours=n), n) for n in range(1001)]
    kept = thinned(points)
    assert (len(kept) <= 200, kept[-1], thinned(points[:3])) == (True, points[-1], points[:3])


def test_home_costs_the_same_for_any_number_of_proposals(client, staff):
    counts = []
    call = make_call()
    for _ in range(2):
        make_proposal(call=call, status=Status.SUBMITTED, countries=["IT"])
        make_message()
        cache.clear()
        client.get(HOME)
        with CaptureQueriesContext(connection) as warm:
            client.get(HOME)
        cache.clear()
        with CaptureQueriesContext(connection) as cold:
            client.get(HOME)
        counts.append((len(warm), len(cold)))
    assert Proposal.objects.count() == 2
    assert counts[0] == counts[1]
    assert counts[0][0] <= 16
