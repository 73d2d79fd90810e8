"""Calls are data: staff make one through the forms; stale, contradicting and impossible edits are said, nothing typed is lost."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from proposals.audit.models import Event
from proposals.calls.models import Call, Document, Phase, Question
from proposals.intake.states import Status
from tests.admin.call_pages import errors_of, form_of, page_of, save
from tests.factories import make_call, make_proposal, make_staff

pytestmark = pytest.mark.django_db
CALLS = "/staff/proposals/call/"
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture
def staff(client):
    user = make_staff(full_name="Synthetic Zhao")
    client.force_login(user)
    return user


def test_a_research_station_call_with_one_phase_is_made_by_hand(client, staff):
    """Other levels, other caps, its own questions: no deploy."""
    data = form_of(client.get(CALLS + "add/")) | {
        "code": "STN1",
        "slug": "research-station",
        "title": "Lunar research station, phase one",
        "summary": "Instruments for a station on the surface.",
        "levels": ["unit"],
        "forms": [],
        "total_mass_kg": "1500",
        "module_mass_kg": "",
        "cap_basis": "cbe",
        "cap_effect": "flag",
        "phases-TOTAL_FORMS": "1",
        "phases-0-title": "Proposal",
        "phases-0-kind": "full",
        "phases-0-position": "1",
        "phases-0-zone": "America/Lima",
        "phases-0-opens_at": "2027-01-01 00:00",
        "phases-0-closes_at": "2027-06-30 24:00",
        "phases-0-late_until": "2027-07-02 12:00",
        "topics-0-kind": "site",
        "topics-0-position": "1",
        "topics-0-title": "Amundsen",
        "margin_classes-0-code": "X",
        "margin_classes-0-label": "all new",
        "margin_classes-0-percent": "30",
        "announced-0-title": "Synthetic mast",
        "announced-0-organisations": "Synthetic Institute",
        "announced-0-countries": "pe, za",
        "announced-0-source": "made up for this test",
    }
    response = client.post(CALLS + "add/", data)
    assert response.status_code == 302, errors_of(response)

    call = Call.objects.get(code="STN1")
    phase = call.phases.get()
    assert (call.levels, call.forms, call.module_mass_kg, call.is_published) == (["unit"], [], None, False)
    assert phase.closes_at == datetime(2027, 7, 1, 5, 0, tzinfo=UTC)
    assert [country.code for country in call.announced.get().countries] == ["PE", "ZA"]
    assert call.margin_classes.get().percent == Decimal(30)

    response = save(
        client,
        phase,
        **{
            "dates-0-label": "Decision",
            "dates-0-on": "2027-12-01",
            "dates-0-moves_with_deadline": "on",
            "asked-0-field": "title",
            "asked-0-required": "on",
            "criteria-0-position": "1",
            "criteria-0-name": "Use to the station",
            "criteria-0-weight": "100",
            "criteria-0-maximum": "5",
            "criteria-0-pass_minimum": "3",
            "questions-0-position": "1",
            "questions-0-kind": "choice",
            "questions-0-label": "Which port of the mast?",
            "questions-0-choices": "north\n\n south \n",
            "questions-0-levels": ["unit"],
        },
    )
    assert response.status_code == 302, errors_of(response)
    question = Question.objects.get()
    assert (question.choices, question.levels, phase.criteria.get().name) == (["north", "south"], ["unit"], "Use to the station")
    assert phase.dates.get().label == "Decision"

    assert client.get(f"{CALLS}{call.pk}/do/publish/").status_code == 200
    assert client.post(f"{CALLS}{call.pk}/do/publish/").status_code == 302
    assert Call.objects.get(code="STN1").is_published is True
    verbs = Event.objects.filter(subject_type="call").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["call.created", "call.changed", "call.published"]


def test_saving_an_untouched_page_changes_no_instant(client, staff):
    call = make_call(is_published=False)
    before = list(Phase.objects.values_list("opens_at", "closes_at", "late_until"))
    assert save(client, call).status_code == 302
    assert save(client, call.phases.get()).status_code == 302
    assert list(Phase.objects.values_list("opens_at", "closes_at", "late_until")) == before
    changes = [event.data["changes"] for event in Event.objects.order_by("id")]
    assert changes == [{}, {}]


def test_another_zone_reads_the_same_digits_as_another_instant(client, staff):
    call = make_call(is_published=False, closes_at=datetime(2030, 3, 31, 15, 59, tzinfo=UTC))
    phase = call.phases.get()
    assert save(client, phase, zone="UTC").status_code == 302
    phase.refresh_from_db()
    assert phase.closes_at == datetime(2030, 3, 31, 23, 59, tzinfo=UTC)


def test_a_stale_page_is_refused_with_who_saved_and_all_that_was_typed(client, staff):
    call = make_call()
    stale = form_of(client.get(page_of(call)))
    assert save(client, call, title="Theirs").status_code == 302

    response = client.post(page_of(call), stale | {"title": "Mine", "topics-1-kind": "site", "topics-1-title": "Cabeus"})

    assert response.status_code == 200
    assert errors_of(response)[0].startswith("Synthetic Zhao saved this call after you opened it")
    assert response.context["adminform"].form["title"].value() == "Mine"
    assert b'value="Cabeus"' in response.content
    assert (Call.objects.get(pk=call.pk).title, call.topics.count()) == ("Theirs", 1)
    assert client.post(page_of(call), form_of(response)).status_code == 200, "what is stale stays stale"


def test_a_page_of_a_phase_is_stale_once_its_call_was_saved(client, staff):
    phase = make_call().phases.get()
    stale = form_of(client.get(page_of(phase)))
    assert save(client, phase.call).status_code == 302
    assert client.post(page_of(phase), stale | {"title": "Mine"}).status_code == 200
    phase.refresh_from_db()
    assert phase.title == "Letter of intent"


def test_a_contradicting_edit_is_saved_only_after_a_second_look(client, staff):
    call = make_call()
    make_proposal(call=call, status=Status.SUBMITTED, largest_module_kg=Decimal(95), mass_kg=Decimal(95))

    first = save(client, call, module_mass_kg="90")
    assert first.status_code == 200
    assert "1 submitted proposal has a module above 90 kg." in errors_of(first)
    assert Call.objects.get(pk=call.pk).module_mass_kg == Decimal("100.000")
    [(digest, _label)] = first.context["adminform"].form.fields["confirmed"].widget.choices
    assert f'value="{digest}"' in first.content.decode()

    other = client.post(page_of(call), form_of(first) | {"levels": ["mission"], "confirmed": [digest]})
    assert other.status_code == 200, "a tick for one contradiction is no tick for another"

    assert client.post(page_of(call), form_of(first) | {"confirmed": [digest]}).status_code == 302
    assert Call.objects.get(pk=call.pk).module_mass_kg == Decimal("90.000")


def test_an_ordinary_page_shows_no_second_look(client, staff):
    response = client.get(page_of(make_call()))
    assert b'name="confirmed"' not in response.content
    assert b'name="seen_revision"' in response.content


def test_a_required_question_after_submissions_is_asked_about(client, staff):
    phase = make_proposal(status=Status.SUBMITTED).phase
    response = save(
        client,
        phase,
        **{"questions-0-label": "Which band?", "questions-0-required": "on", "questions-0-levels": ["unit"]},
    )
    assert "1 proposal was submitted without an answer to “Which band?”, which would be required." in errors_of(response)
    assert not Question.objects.exists()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"phases-0-closes_at": "tomorrow"}, "Type year, month, day and the time, such as 2027-03-31 23:59."),
        ({"phases-0-closes_at": "2020-01-01 00:00"}, "The phase closes before it opens."),
        ({"phases-0-closes_at": ""}, "This field is required."),
        ({"phases-0-zone": "Beijing"}, "“Beijing” is not a time zone. Type an area and a place, such as Asia/Shanghai."),
        ({"phases-0-late_until": "2020-01-01 00:00"}, "The last instant for late ones is before the close."),
        ({"module_mass_kg": "-1"}, "Ensure this value is greater than or equal to 0."),
        ({"module_mass_kg": "1e9"}, "Ensure that there are no more than 9 digits in total."),
        ({"module_mass_kg": "NaN"}, "Enter a number."),
        ({"temperature_min_c": "80", "temperature_max_c": "-180"}, "The lowest temperature is above the highest."),
        ({"levels": ["orbit"]}, "Select a valid choice. orbit is not one of the available choices."),
        ({"title": "A\x00B"}, "Null characters are not allowed."),
        (
            {"announced-0-title": "x", "announced-0-countries": "Peru"},
            "Unknown code: PERU. Type two letters each, such as ZA, PE.",
        ),
    ],
)
def test_bad_input_is_said_in_words(client, staff, changes, reason):
    call = make_call(is_published=False)
    response = save(client, call, **changes)
    assert response.status_code == 200
    assert reason in errors_of(response)
    assert Call.objects.get(pk=call.pk).revision == 1


@pytest.mark.parametrize(("name", "content"), [("virus.pdf", b"MZ" + b"\0" * 99), ("page.pdf", b"<html></html>")])
def test_a_document_that_is_not_pdf_is_refused_beside_its_field(client, staff, name, content):
    call = make_call()
    file = SimpleUploadedFile(name, content, "application/pdf")
    response = save(client, call, **{"documents-0-title": "Guide", "documents-0-language": "en", "documents-0-file": file})
    assert "The content of this file is not PDF. Save it as PDF and choose it again." in errors_of(response)
    assert not Document.objects.exists()


def test_a_document_is_added_and_kept_by_later_saves(client, staff, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    call = make_call()
    file = SimpleUploadedFile("guide.pdf", PDF)
    assert save(client, call, **{"documents-0-title": "Guide", "documents-0-file": file}).status_code == 302
    digest = Document.objects.get().sha256
    assert save(client, call, **{"documents-0-title": "Guide, second edition"}).status_code == 302
    assert (Document.objects.get().sha256, Document.objects.get().title) == (digest, "Guide, second edition")
    assert len(digest) == 64


def test_a_phase_says_who_signs_before_a_submission(client, staff):
    phase = make_call().phases.get()
    assert (phase.two_key, phase.partners_sign) == (False, False)
    assert save(client, phase, two_key="on", partners_sign="on").status_code == 302
    phase.refresh_from_db()
    assert (phase.two_key, phase.partners_sign) == (True, True)


def test_removing_a_phase_in_use_is_refused(client, staff):
    call = make_proposal(call=make_call()).call
    response = save(client, call, **{"phases-0-DELETE": "on"})
    assert response.status_code == 200
    assert call.phases.count() == 1


def test_code_and_address_are_fixed_once_published(client, staff):
    call = make_call()
    assert save(client, call, code="OTHER", slug="other").status_code == 302
    kept = Call.objects.get(pk=call.pk)
    assert (kept.code, kept.slug) == (call.code, call.slug)


def test_a_published_deadline_is_not_extended_by_the_form(client, staff):
    phase = make_call().phases.get()
    response = save(client, phase, closes_at="2099-01-01 00:00")
    assert "Extend the deadline" in errors_of(response)[0]
    assert Phase.objects.get(pk=phase.pk).closes_at == phase.closes_at


def queries_of(client, url):
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


def test_the_list_asks_as_much_for_three_calls_as_for_one(client, staff):
    make_call()
    queries_of(client, CALLS)
    one = queries_of(client, CALLS)
    make_call(), make_call()
    assert queries_of(client, CALLS) == one
