"""The public pages of calls: what they say, to whom, at what cost; bare calls included."""

import hashlib
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import icalendar
import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from proposals.calls.models import AnnouncedProject, Call, Criterion, DependentDate, Document, Phase, PublicAnswer, Topic
from proposals.calls.queries import shown_call, shown_calls
from proposals.calls.states import TopicKind
from tests.factories import make_call, make_staff, make_user

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n%%EOF\n"


def text_of(response):
    assert response.status_code == 200
    return re.sub(r"[ \n]+", " ", response.content.decode())  # a space that does not break stays


def queries_of(client, url):
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


def fill(call, n=1):
    """Give a call n rows of everything."""
    phase = call.phases.order_by("position").first()
    for i in range(1, n + 1):
        for kind in TopicKind:
            Topic.objects.create(call=call, kind=kind, title=f"{kind} {i}", position=i)
        DependentDate.objects.create(phase=phase, label=f"Selection {i}", on=date(2030, 1, i))
        Criterion.objects.create(
            phase=phase, name=f"Science {i}", weight=Decimal("12.50"), maximum=10, pass_minimum=5, position=i
        )
        PublicAnswer.objects.create(
            call=call, question=f"How heavy {i}?", answer="100 kg.", published_at=datetime(2026, 1, 1, tzinfo=UTC)
        )
        Document.objects.create(call=call, title=f"Guide {i}", file=f"calls/guide{i}.pdf")
        AnnouncedProject.objects.create(
            call=call,
            title=f"Synthetic rover {i}",
            organisations="Synthetic Institute",
            countries=["PE", "ZA"],
            mass_kg=Decimal("35.100"),
            source="made up",
        )
    return call


def test_a_full_call_says_everything(client):
    call = fill(
        make_call(
            power_w=Decimal(50),
            width_mm=300,
            depth_mm=150,
            height_mm=120,
            temperature_min_c=Decimal(-180),
            temperature_max_c=Decimal(80),
            description="First.\n\nSecond.",
        )
    )
    text = text_of(client.get(f"/calls/{call.slug}/"))
    for said in (
        "A synthetic call",
        "200\u00a0kg",
        "at most <bdi",
        "300 × 150 × 120 mm",
        "50\u00a0W",
        "-180\u00a0°C",
        "Regional geological profile",
        "site 1",
        "priority 1",
        "Science 1",
        "12.5</td>",
        "How heavy 1?",
        "Guide 1",
        "Synthetic rover 1",
        "Peru, South Africa",
        "35.1\u00a0kg",
        "1 January 2030",
        "<p>Second.</p>",
        "Add to calendar",
    ):
        assert said in text, said


def test_a_call_as_bare_as_the_model_allows_has_a_page(client):
    call = Call.objects.create(code="BARE", slug="bare", title="Bare", summary="", is_published=True, levels=[], forms=[])
    text = text_of(client.get("/calls/bare/"))
    assert "Dates to be announced" in text
    assert "The dates are not yet published." in text
    for link in ("Start a proposal", "Add to calendar", "A synthetic call", "What the lander offers"):
        assert link not in text, link
    assert text_of(client.get("/calls/")).count("Bare") == 1
    assert "Bare" in text_of(client.get("/"))
    assert icalendar.Calendar.from_ical(client.get("/calls/bare/deadlines.ics").content).walk("VEVENT") == []
    call.delete()


def test_figures_that_are_missing_are_not_yet_published(client):
    call = make_call(total_mass_kg=None, module_mass_kg=None)
    text = text_of(client.get(f"/calls/{call.slug}/"))
    assert text.count("Not yet published") == 6
    for field, value in (("total_mass_kg", "0"), ("module_mass_kg", "0"), ("width_mm", 0), ("power_w", "0.5")):
        Call.objects.update(**{field: value})
        text_of(client.get(f"/calls/{call.slug}/"))
        text_of(client.get("/"))


@pytest.mark.parametrize(
    ("days", "said", "not_said"),
    [
        ((-1, 1, None), "Start a proposal", "This call is closed"),
        ((1, 2, None), "Not open yet", "Start a"),
        ((-2, -1, 1), "Start a late proposal", "This call is closed"),
        ((-2, -1, None), "This call is closed", "Start a"),
        ((-3, -2, -1), "This call is closed", "Add to calendar"),
    ],
)
def test_what_a_reader_can_do_follows_the_deadline_rule(client, days, said, not_said):
    opens, closes, late = days
    now = datetime.now(UTC)
    call = make_call(opens_at=now + timedelta(days=opens), closes_at=now + timedelta(days=closes))
    Phase.objects.update(late_until=now + timedelta(days=late) if late else None)
    text = text_of(client.get(f"/calls/{call.slug}/"))
    assert said in text
    assert not_said not in text


def test_a_real_call_is_not_called_synthetic(client):
    call = make_call()
    Call.objects.update(is_synthetic=False)
    assert "synthetic" not in text_of(client.get(f"/calls/{call.slug}/")).lower().replace(call.title.lower(), "").replace(
        "a synthetic call.", ""
    )


def test_text_of_staff_is_shown_as_text(client):
    call = make_call(title="<script>alert(1)</script>", description="<img src=x onerror=alert(1)>")
    for url in ("/", "/calls/", f"/calls/{call.slug}/"):
        content = client.get(url).content
        assert b"<script>alert" not in content
        assert b"<img src=x" not in content


def test_an_unpublished_call_does_not_exist_but_for_staff(client):
    call = fill(make_call(is_published=False))
    document = call.documents.get()
    urls = (
        f"/calls/{call.slug}/",
        f"/calls/{call.slug}/deadlines.ics",
        f"/calls/{call.slug}/documents/{document.pk}/",
    )
    for _ in range(2):
        for url in urls:
            response = client.get(url)
            assert response.status_code == 404
            assert call.title not in response.content.decode()
        assert call.title not in text_of(client.get("/calls/"))
        assert call.title not in text_of(client.get("/"))
        client.force_login(make_user())
    client.force_login(make_staff())
    assert "Only staff see this page." in text_of(client.get(urls[0]))
    assert call.title in text_of(client.get("/calls/"))
    assert call.title not in text_of(client.get("/")), "the first page is the same for all"


def test_an_answer_is_shown_from_its_moment_on(client):
    call = make_call()
    now = datetime.now(UTC)
    for days, question in ((-1, "Shown?"), (1, "Tomorrow?"), (None, "Never?")):
        PublicAnswer.objects.create(
            call=call,
            question=question,
            answer="Yes.",
            published_at=None if days is None else now + timedelta(days=days),
        )
    text = text_of(client.get(f"/calls/{call.slug}/"))
    assert ["Shown?" in text, "Tomorrow?" in text, "Never?" in text] == [True, False, False]


def test_the_list_puts_open_calls_first_by_deadline():
    now = datetime.now(UTC)

    def called(title, opens, closes, **fields):
        return make_call(title=title, opens_at=now + timedelta(days=opens), closes_at=now + timedelta(days=closes), **fields)

    called("closed long ago", -90, -60)
    called("closed lately", -90, -3)
    called("open, later", -9, 30)
    called("coming", 5, 30)
    called("open, soon", -9, 2)
    called("hidden", -9, 1, is_published=False)
    assert [shown.call.title for shown in shown_calls(Call.objects.published(), now)] == [
        "open, soon",
        "open, later",
        "coming",
        "closed lately",
        "closed long ago",
    ]


def test_shown_call_gives_rows_of_their_own_types():
    call = fill(make_call())
    shown = shown_call(AnonymousUser(), call.slug, datetime.now(UTC))
    held = call.announced.get()
    [project] = shown.announced
    assert (project.mass_kg, project.countries, project.pk) == (held.mass_kg, held.countries, held.pk)
    [criterion] = shown.stage.criteria
    assert (criterion.weight, type(criterion.weight)) == (Decimal("12.50"), Decimal)
    assert shown.stage.dates[0].on == date(2030, 1, 1)
    assert shown.answers[0].published_at == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("url", "most"), [("/", 4), ("/calls/", 4), ("/calls/one/", 4)])
def test_pages_cost_the_same_with_one_and_three_rows(client, url, most):
    """The last of them is the test taking the database role back: a reader costs three."""
    one = fill(make_call(slug="one"))
    first = queries_of(client, url)
    fill(one, 3)
    for _ in range(2):
        fill(make_call())
    now = datetime.now(UTC)
    Phase.objects.create(
        call=one, title="Full", position=2, opens_at=now + timedelta(days=40), closes_at=now + timedelta(days=50)
    )
    assert queries_of(client, url) == first
    assert first <= most


def test_the_calendar_has_the_deadline_with_a_uid_that_stays(client):
    call = make_call(code="CE9", closes_at=datetime(2096, 3, 31, 15, 59, tzinfo=UTC))
    phase = call.phases.get()
    DependentDate.objects.create(phase=phase, label="Selection", on=date(2096, 5, 1))
    response = client.get(f"/calls/{call.slug}/deadlines.ics")
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="CE9-deadlines.ics"'
    deadline, day = icalendar.Calendar.from_ical(response.content).walk("VEVENT")
    assert deadline["DTSTART"].dt == datetime(2096, 3, 31, 15, 59, tzinfo=UTC)
    assert (deadline["SUMMARY"], day["SUMMARY"]) == ("CE9: Letter of intent closes", "CE9: Selection")
    Phase.objects.update(closes_at=datetime(2096, 4, 30, 15, 59, tzinfo=UTC))
    later, _day = icalendar.Calendar.from_ical(client.get(f"/calls/{call.slug}/deadlines.ics").content).walk("VEVENT")
    assert (later["UID"], later["DTSTART"].dt) == (deadline["UID"], datetime(2096, 4, 30, 15, 59, tzinfo=UTC))


def test_a_document_is_downloaded_never_shown(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    call = make_call()
    document = Document.objects.create(call=call, title="指南", file=ContentFile(PDF, name="指南.pdf"))
    response = client.get(f"/calls/{call.slug}/documents/{document.pk}/")
    assert hashlib.sha256(b"".join(response.streaming_content)).digest() == hashlib.sha256(PDF).digest()
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''%E6%8C%87%E5%8D%97.pdf"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_a_document_of_another_call_or_without_its_file_is_not_found(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    mine, other = make_call(), make_call()
    kept = Document.objects.create(call=mine, title="Guide", file=ContentFile(PDF, name="guide.pdf"))
    lost = Document.objects.create(call=mine, title="Lost", file="calls/lost.pdf")
    assert client.get(f"/calls/{mine.slug}/documents/{kept.pk}/").status_code == 200
    assert client.get(f"/calls/{other.slug}/documents/{kept.pk}/").status_code == 404
    assert client.get(f"/calls/{mine.slug}/documents/{lost.pk}/").status_code == 404


@pytest.mark.parametrize("url", ["/", "/calls/", "/calls/one/", "/calls/one/deadlines.ics"])
def test_public_pages_only_read(client, url):
    make_call(slug="one")
    assert client.post(url).status_code == 405
