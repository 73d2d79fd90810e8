"""The pages of two keys: everybody sees who has to do what, and nobody signs or submits what they have not seen."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from proposals.intake import actions
from proposals.intake.models import Access, Attachment, Delegation, Proposal, Signature, Version
from proposals.intake.queries.signing import keys_of
from proposals.intake.rules import may_open_file, may_remove_file
from proposals.intake.states import Status, TeamRole
from proposals.outbox.models import Message
from tests.factories import make_member, make_organisation, make_proposal, make_staff, make_user
from tests.intake.conftest import fill

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead():
    return make_organisation(name="Lead Agency", in_directory=True)


@pytest.fixture
def representative(lead):
    person = make_user(full_name="Ruth Representative")
    make_member(person, lead)
    return person


@pytest.fixture
def pi(lead):
    person = make_user(full_name="Maria Principal")
    make_member(person, lead, role="contributor")
    return person


@pytest.fixture
def draft(lead, pi):
    proposal = fill(make_proposal(by=pi, lead=lead, title="Lunar seismometer"))
    proposal.call.phases.update(two_key=True)
    return Proposal.objects.get(pk=proposal.pk)


@pytest.fixture
def partner(draft):
    """A partner organisation that has to sign, and one who represents it."""
    draft.call.phases.update(partners_sign=True)
    organisation = make_organisation(name="Partner Institute", in_directory=True)
    draft.participations.create(organisation=organisation, role="Magnetometer", share_percent="20.00")
    draft.team.create(full_name="Their Engineer", role=TeamRole.CO_I, organisation=organisation, position=5)
    organisation.signatory = make_user(full_name="Sam Signatory")
    make_member(organisation.signatory, organisation)
    return organisation


def url(name, proposal, *args):
    return reverse(f"portal:{name}", args=[proposal.pk, *args])


def look(client, person, name, proposal, *args):
    client.force_login(person)
    response = client.get(url(name, proposal, *args))
    assert response.status_code == 200
    return response.content.decode()


def act(client, person, name, proposal, *args, **data):
    client.force_login(person)
    return client.post(url(name, proposal, *args), data, follow=True)


def release(client, draft, **data):
    seen = keys_of(Proposal.objects.select_related("phase", "call", "lead").get(pk=draft.pk)).release.sha256
    return act(client, draft.created_by, "release", draft, **({"consent": "on", "seen": seen} | data))


def test_the_pi_is_offered_the_release_and_not_the_submission(client, draft, pi):
    page = look(client, pi, "check", draft)
    assert "Release for submission</button>" in page
    assert "Submit letter of intent</button>" not in page
    assert "Not released, and not submitted" in page


def test_a_release_is_followed_by_who_submits(client, draft, pi, representative):
    page = release(client, draft).content.decode()
    assert "Released, and not submitted yet: a representative of the lead organisation submits it." in page
    assert "Released, and not yet submitted" in page
    assert "Ruth Representative" in page
    assert "Submit letter of intent</button>" not in page
    assert "Take the release back</button>" in page


def test_who_represents_the_lead_is_told_to_its_trusted_members_alone(client, draft, pi, representative):
    pi.memberships.update(confirmed_at=None)
    page = release(client, draft).content.decode()
    assert "Ruth Representative" not in page
    assert "A representative of Lead Agency whom the secretariat has confirmed." in page


def test_the_representative_finds_reads_and_submits_it(client, draft, representative):
    release(client, draft)
    client.force_login(representative)
    home = client.get(reverse("portal:dashboard")).content.decode()
    assert "Not yet submitted" in home
    assert "Read and submit for your organisation" in home
    page = look(client, representative, "check", draft)
    assert "Submit letter of intent</button>" in page
    assert "/edit/" not in page
    seen = keys_of(draft).release.sha256
    assert f'name="seen" value="{seen}"' in page
    answer = client.post(url("submit", draft), {"consent": "on", "seen": seen})
    assert answer.url == url("receipt", draft, 1)
    assert "Ruth Representative" in client.get(answer.url).content.decode()


def test_what_the_representative_has_not_seen_is_not_submitted(client, draft, pi, representative):
    release(client, draft)
    seen = keys_of(draft).release.sha256
    Proposal.objects.filter(pk=draft.pk).update(abstract="Something else.")
    release(client, draft)
    page = act(client, representative, "submit", draft, consent="on", seen=seen)
    assert (page.status_code, Version.objects.count()) == (400, 0)
    assert "The proposal was changed after you opened this page." in page.content.decode()


def test_a_submission_without_the_release_says_whose_it_is(client, draft, pi, representative):
    page = act(client, pi, "submit", draft, consent="on")
    assert (page.status_code, Version.objects.count()) == (400, 0)
    assert "Nothing was submitted. It waits for the release by the PI (Maria Principal)." in page.content.decode()


def test_a_release_needs_its_sentence_and_what_the_page_showed(client, draft):
    assert "Tick the sentence first." in release(client, draft, consent="").content.decode()
    stale = release(client, draft, seen="0" * 64).content.decode()
    assert "The proposal was changed after you opened this page." in stale
    Proposal.objects.filter(pk=draft.pk).update(abstract="")
    assert "Nothing was released: something is still missing." in release(client, draft).content.decode()
    assert Signature.objects.count() == 0


def test_a_change_after_the_release_is_said_loudly(client, draft, pi, representative):
    release(client, draft)
    says = "That is not enough: a representative of the lead organisation has to submit it."
    for name in ("task_list", "proposal"):
        page = look(client, pi, name, draft)
        assert (says in page, f'<a href="{url("check", draft)}">See who has to do what</a>' in page) == (True, True)
    Proposal.objects.filter(pk=draft.pk).update(abstract="Something else.")
    changed = "It was released, and changed since: the PI has to release it anew (Maria Principal)."
    for name in ("task_list", "proposal"):
        assert changed in look(client, pi, name, draft)
    assert changed in look(client, representative, "check", draft)


def test_a_release_is_taken_back(client, draft, pi, representative):
    release(client, draft)
    signature = Signature.objects.get()
    assert act(client, representative, "take_back", draft, signature.pk).status_code == 404
    assert "The signature is taken back." in act(client, pi, "take_back", draft, signature.pk).content.decode()
    signature.refresh_from_db()
    assert signature.taken_back_at is not None


@pytest.mark.parametrize(("days", "loud"), [(2, True), (4, False)])
def test_any_draft_near_its_deadline_is_loud(client, days, loud):
    proposal = make_proposal()
    proposal.call.phases.update(closes_at=timezone.now() + timedelta(days=days))
    banner = "<strong>Not yet submitted"
    for name in ("task_list", "proposal"):
        assert (banner in look(client, proposal.created_by, name, proposal)) is loud
    assert (banner in client.get(reverse("portal:dashboard")).content.decode()) is loud


def test_a_representative_lets_a_colleague_submit(client, draft, pi, representative):
    release(client, draft)
    page = act(client, representative, "delegate", draft, to=pi.pk).content.decode()
    assert "Maria Principal may now submit it in your place." in page
    delegation = Delegation.objects.get()
    assert "Submit letter of intent</button>" in look(client, pi, "check", draft)
    assert act(client, make_user(), "end_delegation", draft, delegation.pk).status_code == 404
    act(client, pi, "end_delegation", draft, delegation.pk)
    assert Delegation.objects.get().ended_at is not None
    assert "Submit letter of intent</button>" not in look(client, pi, "check", draft)


def test_only_people_of_the_team_are_offered(client, draft, representative):
    release(client, draft)
    page = act(client, representative, "delegate", draft, to=make_user().pk).content.decode()
    assert "Choose a person of the team." in page
    # nor does who represents nobody let another submit
    page = act(client, draft.created_by, "delegate", draft, to=draft.created_by.pk).content.decode()
    assert "Choose a person of the team." in page
    assert Delegation.objects.count() == 0


def test_partners_are_asked_see_their_part_and_sign_it(client, draft, pi, partner):
    person = partner.signatory
    client.force_login(person)
    assert client.get(url("sign", draft, partner.pk)).status_code == 404
    page = act(client, pi, "ask_to_sign", draft).content.decode()
    assert "is asked by e-mail to sign" in page
    assert "Sam Signatory" not in page
    assert Message.objects.get(template="signature_asked").link == url("sign", draft, partner.pk)

    page = look(client, person, "sign", draft, partner.pk)
    for text in (
        "Partner Institute",
        "Lead Agency",
        "Magnetometer",
        "20\xa0%",
        "Their Engineer",
        "What we do.",
        "Lunar seismometer",
    ):
        assert text in page
    seen = keys_of(draft).parts[0].sha256
    assert seen in page
    assert "/edit/" not in page

    assert act(client, person, "sign", draft, partner.pk, seen=seen).status_code == 400
    signed = act(client, person, "sign", draft, partner.pk, seen=seen, consent="on").content.decode()
    assert "The part of Partner Institute is signed." in signed
    assert Signature.objects.get().sha256 == seen
    assert "Sam Signatory signed its part" in look(client, pi, "check", draft)
    back = act(client, person, "take_back", draft, Signature.objects.get().pk)
    assert "The signature is taken back." in back.content.decode()


def test_a_part_that_changed_meanwhile_is_not_signed(client, draft, pi, partner):
    act(client, pi, "ask_to_sign", draft)
    seen = keys_of(draft).parts[0].sha256
    draft.participations.update(share_percent="90.00")
    page = act(client, partner.signatory, "sign", draft, partner.pk, seen=seen, consent="on")
    assert (page.status_code, Signature.objects.count()) == (400, 0)
    assert "Nothing was signed" in page.content.decode()


def test_what_waits_for_a_partner_is_on_its_dashboard_until_it_signed(client, draft, pi, partner):
    act(client, pi, "ask_to_sign", draft)
    client.force_login(partner.signatory)
    says = "Read and sign your organisation"
    assert says in client.get(reverse("portal:dashboard")).content.decode()
    actions.sign(draft, organisation=partner, by=partner.signatory, now=timezone.now())
    assert says not in client.get(reverse("portal:dashboard")).content.decode()


def test_readers_open_the_files_they_sign_for(client, draft, representative):
    release(client, draft)
    held = Attachment.objects.create(
        proposal=draft,
        name="a.pdf",
        size=1,
        content_type="application/pdf",
        sha256="0" * 64,
        uploaded_by=draft.created_by,
        uploaded_at=timezone.now(),
    )
    assert (may_open_file(representative, held), may_remove_file(representative, held)) == (True, False)
    assert may_open_file(make_user(), held) is False


def test_readers_meet_no_page_to_write_on(client, draft, representative):
    release(client, draft)
    client.force_login(representative)
    for name in ("task_list", "withdraw", "discard"):
        assert client.get(url(name, draft)).url == url("proposal", draft)
    assert client.post(url("section", draft, "summary"), {"title": "Mine"}).status_code == 403
    page = client.get(url("proposal", draft)).content.decode()
    assert "Read it, and see who has to sign" in page
    assert "Discard the draft" not in page


def test_the_secretariat_that_files_on_paper_is_asked_no_key(client, draft):
    Proposal.objects.filter(pk=draft.pk).update(filed_by_staff=True)
    member = make_staff()
    page = look(client, member, "check", draft)
    assert "You file this on a partner" in page
    act(client, member, "submit", draft, consent="on")
    assert Version.objects.get().on_behalf is True


def test_the_page_costs_the_same_for_many_partners(client, draft, pi, partner):
    release(client, draft)
    client.force_login(pi)
    counts = []
    for _more in range(3):
        client.get(url("check", draft))
        with CaptureQueriesContext(connection) as statements:
            assert client.get(url("check", draft)).status_code == 200
        counts.append(len(statements))
        draft.participations.create(organisation=make_organisation())
    assert counts == [counts[0]] * 3


def test_a_stranger_learns_nothing(client, draft, representative):
    release(client, draft)
    client.force_login(make_user())
    for name, args in (("sign", [1]), ("check", [])):
        assert client.get(url(name, draft, *args)).status_code == 404
    for name, args in (("release", []), ("ask_to_sign", []), ("delegate", []), ("take_back", [1]), ("end_delegation", [1])):
        assert client.post(url(name, draft, *args)).status_code == 404
    assert Access.objects.filter(why="representative").count() == 1
    assert draft.status == Status.DRAFT
