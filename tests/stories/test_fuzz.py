"""Hostile values into every form that a partner or the secretariat can meet: whatever is typed, no page breaks."""

import os
import random
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from proposals.calls.states import Level
from proposals.intake.models import TeamMember
from proposals.intake.states import Status, TeamRole
from proposals.partners.states import Role
from tests.factories import make_member, make_message, make_module, make_organisation, make_proposal, make_staff, make_user
from tests.intake.conftest import fill
from tests.stories.person import PageForm, forms_of

pytestmark = pytest.mark.django_db

SEED = int(os.environ.get("FUZZ_SEED", "8"))
POSTS = int(os.environ.get("FUZZ_POSTS", "320"))
SLOWEST_S = 5
HOSTILE = (
    "", " ", "\x00", "a\x00b", "\x1b[31m", "\r\nBcc: x@example.org", "\u202egnol", "\ufeff", "\U0001f680", "☃" * 300,
    "<script>alert(1)</script>", "{{ 7*7 }}{% debug %}", "%s%n%x", "${jndi:ldap://x}", "../../etc/passwd", "' OR '1'='1' --",
    "=cmd|' /C calc'!A0", "NaN", "-Infinity", "1e400", "1E-400", "-1", "0", "-0", "1,234", "1.234,5", "١٢٣٫٥", "12 kg", "0x1F",
    "9" * 40, "9" * 5000, "1_000", "٣", "²", "½", "99999999999999999999", "-99999999999999999999", "true", "null", "[]", "{}",
    "0000-00-00", "9999-12-31", "99999-01-01", "2026-02-30", "0001-01-01T00:00", "9999-12-31T23:59", "2026-13-45T99:99",
    "00000000-0000-0000-0000-000000000000", "not-a-uuid", "a@b", "a" * 300 + "@example.org", "ü@exämple.org", "x" * 9000,
    "http://", "javascript:alert(1)", "ftp://[::1", "\u0000\uffff", "\U0010ffff", "on", "yes", "1", "Europe/Rome", "zh-hans",
)  # fmt: skip
FILES = (
    b"", b"%PDF-1.7\n", b"MZ\x90\x00", b"<html><script>alert(1)</script>", b"%PDF-1.4\n" + b"\x00" * 4000 + b"%%EOF",
    b"PK\x03\x04" + b"\xff" * 200,
)  # fmt: skip
NAMES = ("a.pdf", "..\\..\\a.pdf", "a.pdf\r\nX: y", "\u202efdp.exe", "a" * 400 + ".pdf", "CON", "a\x00.pdf")


def hostile(dice: random.Random) -> str:
    """One value: from the list, or a run of any characters."""
    if dice.random() < 0.75:
        return dice.choice(HOSTILE)
    return "".join(
        chr(dice.choice((dice.randrange(1, 0xD800), dice.randrange(0xE000, 0x110000)))) for _ in range(dice.randrange(40))
    )


def filled(form: PageForm, dice: random.Random) -> dict[str, Any]:
    """The form as a hostile hand would send it: most controls changed, some doubled, dropped, or invented."""
    sent: dict[str, Any] = {}
    for control in form.fields:
        if not control.name or dice.random() < 0.06:
            continue
        if control.kind == "file":
            sent[control.name] = SimpleUploadedFile(dice.choice(NAMES), dice.choice(FILES), "application/pdf")
        elif control.kind == "hidden" and dice.random() < 0.7:
            sent[control.name] = control.value
        elif control.kind in {"select", "radio", "checkbox"} and dice.random() < 0.6:
            sent[control.name] = dice.choice([*control.options, control.value])
        else:
            sent[control.name] = [hostile(dice) for _ in range(1 if dice.random() < 0.9 else 3)]
    name, value = dice.choice([*form.buttons.values(), ("", "")])
    if name:
        sent[name] = value if dice.random() < 0.8 else hostile(dice)
    if dice.random() < 0.1:
        sent[dice.choice(("status", "is_staff", "staff_role", "id", "pk", "reference", "__proto__", "next"))] = hostile(dice)
    return sent


@pytest.fixture
def targets() -> list[tuple[Client, str]]:
    """Who opens which pages: each kind of form there is, in a state that shows it."""
    author, staff = make_user(), make_staff()
    organisation = make_organisation()
    make_member(author, organisation)
    member = make_member(make_user(), organisation, role=Role.CONTRIBUTOR)
    unit = make_proposal(by=author, lead=organisation)
    make_module(unit, "12.5")
    ready = fill(make_proposal(by=author, call=unit.call, lead=organisation))
    call = unit.call
    other = TeamMember.objects.create(proposal=unit, full_name="Listed", email="listed@example.org", role=TeamRole.CO_I)
    mission = make_proposal(by=author, call=call, level=Level.MISSION, forms=["interaction", "launch_orbit", "surface"])
    submitted = make_proposal(by=author, call=call, status=Status.SUBMITTED)
    asked = make_proposal(by=author, call=call, status=Status.CLARIFICATION)
    asked.clarifications.create(
        asked_in=Status.ELIGIBILITY, question="Why?", asked_by=staff, asked_at=timezone.now(), due_at=timezone.now()
    )
    message = make_message(about_type="proposal", about_id=str(submitted.pk), delivery="dead")
    nobody, partner, desk = Client(), Client(), Client()
    partner.force_login(author)
    desk.force_login(staff)

    def portal(name: str, *args: Any) -> str:
        return reverse(f"portal:{name}", args=args)

    keys = {unit: "summary science organisations team mass power envelope maturity export endorsement files".split()}
    keys[mission] = "craft launch orbit site interaction".split()
    partners = [portal("section", proposal.pk, key) for proposal, pages in keys.items() for key in pages]
    partners += [
        portal("start", call.slug),
        portal("check", ready.pk),
        portal("withdraw", submitted.pk),
        portal("answer", asked.pk),
    ]
    partners += [
        portal("discard", mission.pk),
        portal("team_member", unit.pk, other.pk),
        portal("team_remove", unit.pk, other.pk),
    ]
    partners += [portal("organisation_new"), portal("organisation", organisation.pk)]
    partners += [portal("organisation_edit", organisation.pk), portal("invitation_new", organisation.pk)]
    partners += [portal("mailbox_new", organisation.pk), portal("preferences")]
    partners += [portal("verify_receipt"), reverse("account_email"), reverse("account_change_password")]
    acts = [reverse("admin:proposals_proposal_act", args=[submitted.pk, name]) for name in STAFF_ACTS]
    acts += [reverse("admin:proposals_proposal_changelist"), reverse("admin:proposals_proposal_add")]
    acts += [reverse("admin:proposals_proposal_change", args=[submitted.pk])]
    for model, pk in (("organisation", organisation.pk), ("call", call.pk), ("phase", unit.phase_id), ("user", author.pk)):
        acts.append(reverse(f"admin:proposals_{model}_change", args=[pk]))
    acts += [
        reverse("admin:proposals_organisation_add"),
        reverse("admin:proposals_call_add"),
        reverse("admin:proposals_notice_add"),
    ]
    acts += [reverse("admin:proposals_organisation_act", args=[organisation.pk, name]) for name in ("confirm", "merge")]
    acts += [reverse("admin:proposals_membership_act", args=[member.pk, "role"])]
    acts += [reverse("admin:proposals_message_act", args=[message.pk, name]) for name in ("retry",)]
    acts += [reverse("admin:proposals_phase_act", args=[unit.phase_id, "extend"])]
    open_to_all = [reverse("account_login"), reverse("account_signup"), reverse("account_reset_password")]
    return [
        *((nobody, path) for path in open_to_all),
        *((partner, path) for path in partners),
        *((desk, path) for path in acts),
    ]


STAFF_ACTS = ("receive", "accept", "ask", "return", "ineligible", "assign", "tag", "note")


@pytest.fixture
def dice() -> random.Random:
    """The same throws every time; FUZZ_SEED and FUZZ_POSTS ask for others and more."""
    return random.Random(SEED)


def forms(targets: list[tuple[Client, str]]) -> Iterator[tuple[Client, str, PageForm]]:
    """Every form that posts, of every page; a page without one is a mistake in the list."""
    without = []
    for client, path in targets:
        page = client.get(path, follow=True)
        assert page.status_code == 200, path
        posted = [
            form for form in forms_of(page) if form.method == "post" and not form.action.startswith(("/i18n/", "/account/logout"))
        ]
        without += [] if posted else [path]
        for form in posted:
            yield client, urljoin(page.request["PATH_INFO"], form.action), form
    assert without == []


def test_no_form_breaks_whatever_is_typed(targets: list[tuple[Client, str]], dice: random.Random) -> None:
    known = list(forms(targets))
    assert len(known) >= 60
    answers: dict[int, int] = {}
    for number in range(POSTS):
        client, path, form = known[number % len(known)]
        data = filled(form, dice)
        began = time.process_time()  # rendering counts, other work of the machine does not
        with transaction.atomic():  # each post meets the same site
            try:
                status = client.post(path, data).status_code
            except Exception as error:
                raise AssertionError(f"FUZZ_SEED={SEED}, post {number} to {path}: {data}") from error
            transaction.set_rollback(True)
        assert status < 500, f"FUZZ_SEED={SEED}, post {number} to {path}: {data}"
        assert time.process_time() - began < SLOWEST_S, f"FUZZ_SEED={SEED}, post {number} to {path}: {data}"
        answers[status] = answers.get(status, 0) + 1
    assert set(answers) <= {200, 302, 400, 403, 404, 409, 410, 422, 429}
    assert answers[302] < POSTS * 0.8  # most of it is refused, in words
