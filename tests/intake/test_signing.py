"""Two keys, delegation, consortium signatures: what was not released, signed and seen is never submitted."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connections

from proposals.audit.calculations import canonical, sha256
from proposals.audit.models import Event
from proposals.calls.models import Phase
from proposals.intake import actions, rules
from proposals.intake.models import Access, Delegation, MoveNotAllowed, Proposal, Signature, Version
from proposals.intake.queries import content
from proposals.intake.queries.at_hand import proposal_for
from proposals.intake.queries.signing import keys_of, representatives
from proposals.intake.states import Signing, Status, TeamRole
from proposals.outbox.models import Message
from proposals.partners.rules import stands_for
from proposals.partners.states import Role, StaffRole
from tests.factories import NOW, make_member, make_organisation, make_proposal, make_staff, make_user
from tests.intake.conftest import eyes_of, fill

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead():
    return make_organisation(name="Lead Agency", in_directory=True)


@pytest.fixture
def representative(lead):
    """Confirmed for the lead organisation, and not of the team."""
    person = make_user(email="head@example.org", full_name="Ruth Representative")
    make_member(person, lead)
    return person


@pytest.fixture
def two_key(call, lead):
    """A complete draft in a phase that asks for two keys."""
    call.phases.update(two_key=True)
    return fill(make_proposal(call=call, lead=lead, by=make_user(email="pi@example.org", full_name="Maria Principal"), at=NOW))


@pytest.fixture
def partner():
    return make_organisation(name="Partner Institute", in_directory=True)


@pytest.fixture
def consortium(call, lead, partner):
    """A complete draft with one partner organisation, in a phase in which partners sign."""
    call.phases.update(partners_sign=True)
    proposal = fill(make_proposal(call=call, lead=lead, by=make_user(full_name="Maria Principal"), at=NOW))
    proposal.participations.create(organisation=partner, role="Magnetometer", share_percent="20.00")
    proposal.team.create(full_name="Their Engineer", role=TeamRole.CO_I, organisation=partner, position=5)
    return proposal


def signatory_of(organisation):
    person = make_user()
    make_member(person, organisation)
    return person


def edit(proposal, now=NOW, **values):
    held = proposal.sections.filter(key="summary").first()
    actions.save_section(
        proposal, key="summary", values=values, revision=held.revision if held else 0, by=proposal.created_by, now=now
    )


def release(proposal, by=None, now=NOW, **more):
    return actions.release(proposal, by=by or proposal.created_by, now=now, **more)


def submit(proposal, by, now=NOW, **more):
    return actions.submit(Proposal.objects.get(pk=proposal.pk), by=by, now=now, **more)


def test_release_signs_what_is_typed_lets_the_representatives_read_and_tells_them(two_key, representative, lead):
    asked = make_user()
    make_member(asked, lead, confirmed=False)
    contributor = make_user()
    make_member(contributor, lead, role=Role.CONTRIBUTOR)
    assert not Proposal.objects.visible_to(representative).exists()

    signature = release(two_key)

    assert signature.sha256 == sha256(canonical(content(two_key)))
    assert (signature.kind, signature.by, signature.at, signature.phase) == (
        Signing.RELEASE,
        two_key.created_by,
        NOW,
        two_key.phase,
    )
    assert list(Access.objects.filter(why="representative").values_list("user", "grant")) == [(representative.pk, True)]
    assert Proposal.objects.visible_to(representative).get() == two_key
    mail = Message.objects.get()
    assert (mail.address, mail.template) == ("head@example.org", "released")
    assert two_key.status == Status.DRAFT
    assert Event.objects.filter(verb="proposal.signed", subject_id=str(two_key.pk)).count() == 1


def test_representative_submits_what_the_pi_released(two_key, representative):
    signature = release(two_key)
    version = submit(two_key, representative)
    frozen = json.loads(version.canonical)
    for key in ("reference", "version", "received_at", "late"):
        frozen.pop(key)
    assert sha256(canonical(frozen)) == signature.sha256
    assert version.frozen_by == representative
    # The receipt reaches the team and the one who submitted.
    receipts = Message.objects.filter(template="received").values_list("address", flat=True)
    assert sorted(receipts) == ["head@example.org", "pi@example.org"]


def refused(proposal, by, now=NOW):
    with pytest.raises(actions.NotSigned) as found:
        submit(proposal, by, now)
    proposal.refresh_from_db()
    assert (proposal.status, proposal.reference, Version.objects.count()) == (Status.DRAFT, None, 0)
    return found.value.waits


SENDS = "A representative of the lead organisation has to submit it, or whom they let submit in their place."


def test_nobody_submits_what_is_not_released(two_key, representative):
    two_key.team.create(full_name=representative.full_name, role=TeamRole.CO_I, user=representative, accepted_at=NOW)
    Access.objects.create(proposal=two_key, user=representative, why="team")
    assert refused(two_key, representative) == ["It waits for the release by the PI (Maria Principal)."]
    assert refused(two_key, two_key.created_by) == ["It waits for the release by the PI (Maria Principal).", SENDS]


def test_the_pi_alone_does_not_submit(two_key, representative):
    release(two_key)
    assert refused(two_key, two_key.created_by) == [SENDS]


def test_who_holds_both_offices_turns_both_keys_in_two_acts(two_key, lead):
    make_member(two_key.created_by, lead)
    assert refused(two_key, two_key.created_by) == ["It waits for the release by the PI (Maria Principal)."]
    release(two_key)
    assert submit(two_key, two_key.created_by).number == 1


def test_an_edit_after_the_release_needs_another(two_key, representative):
    release(two_key)
    edit(two_key, abstract="Something else.")
    assert refused(two_key, representative) == [
        "It was released, and changed since: the PI has to release it anew (Maria Principal)."
    ]
    again = release(two_key, now=NOW + timedelta(minutes=1))
    assert submit(two_key, representative).number == 1
    assert Signature.objects.filter(taken_back_at=None).get() == again
    assert Message.objects.filter(template="released").count() == 2


def test_the_text_put_back_is_the_text_that_was_released(two_key, representative):
    release(two_key)
    edit(two_key, abstract="Something else.")
    edit(two_key, abstract="What we do.")
    assert submit(two_key, representative).number == 1


def test_a_representative_submits_only_what_the_page_showed(two_key, representative):
    seen = release(two_key).sha256
    edit(two_key, abstract="Something else.")
    fresh = release(two_key, now=NOW + timedelta(minutes=1))
    with pytest.raises(actions.ChangedMeanwhile):
        submit(two_key, representative, seen=seen)
    assert submit(two_key, representative, seen=fresh.sha256).number == 1


def test_a_release_is_of_what_the_page_showed_once(two_key, representative):
    seen = keys_of(two_key).release.sha256
    first = release(two_key, seen=seen)
    assert release(two_key, seen=seen, now=NOW + timedelta(hours=1)) == first
    assert (Signature.objects.count(), Message.objects.count()) == (1, 1)
    edit(two_key, abstract="Something else.")
    with pytest.raises(actions.ChangedMeanwhile):
        release(two_key, seen=seen)


def test_only_the_pi_who_has_joined_releases(two_key, representative):
    colleague = make_user()
    two_key.team.create(full_name="Colleague", role=TeamRole.CO_PI, user=colleague, accepted_at=NOW)
    Access.objects.create(proposal=two_key, user=colleague, why="team")
    for person in (colleague, representative, make_user(), make_staff()):
        with pytest.raises(PermissionDenied):
            release(two_key, by=person)
    two_key.team.filter(role=TeamRole.PI).update(role=TeamRole.CO_PI)
    two_key.team.create(full_name="Invited Principal", role=TeamRole.PI)
    with pytest.raises(PermissionDenied):
        release(two_key)
    assert keys_of(two_key).waits() == [
        "It waits for the release by the principal investigator (PI), who has not joined the team yet."
    ]


def test_release_is_for_complete_proposals_in_time_and_phases_that_ask(two_key):
    Proposal.objects.filter(pk=two_key.pk).update(abstract="")
    with pytest.raises(actions.Incomplete):
        release(two_key)
    Proposal.objects.filter(pk=two_key.pk).update(abstract="What we do.")
    with pytest.raises(actions.CallClosed):
        release(two_key, now=NOW + timedelta(days=40))
    Phase.objects.update(two_key=False)
    with pytest.raises(PermissionDenied):
        release(two_key)
    assert Signature.objects.count() == 0


def test_a_release_taken_back_is_none(two_key, representative):
    signature = release(two_key)
    with pytest.raises(PermissionDenied):
        actions.take_back(signature, by=representative, now=NOW)
    for _click in range(2):
        actions.take_back(Signature.objects.get(), by=two_key.created_by, now=NOW)
    assert Event.objects.filter(verb="proposal.signature_taken_back").count() == 1
    assert refused(two_key, representative) == ["It waits for the release by the PI (Maria Principal)."]
    release(two_key, now=NOW + timedelta(minutes=1))
    submit(two_key, representative)
    with pytest.raises(PermissionDenied):
        actions.take_back(Signature.objects.get(taken_back_at=None), by=two_key.created_by, now=NOW)


def test_a_representative_who_is_not_of_the_team_reads_and_writes_nothing(two_key, representative):
    release(two_key)
    assert (rules.may_read_draft(representative, two_key), rules.may_submit(representative, two_key)) == (True, True)
    for may in (rules.on_team, rules.may_edit, rules.may_withdraw, rules.may_endorse, rules.may_release, rules.may_ask_to_sign):
        assert may(representative, two_key) is False, may
    seen = proposal_for(representative, two_key.pk)
    assert (rules.may_read(representative, seen), rules.may_edit(representative, seen)) == (True, False)
    with pytest.raises(PermissionDenied):
        actions.save_section(seen, key="summary", values={"abstract": "Mine."}, revision=0, by=representative, now=NOW)


@pytest.mark.parametrize(
    "lost", [{"role": Role.CONTRIBUTOR}, {"confirmed_at": None, "confirmed_by": None}], ids=["contributor", "unconfirmed"]
)
def test_who_no_longer_stands_for_the_lead_neither_submits_nor_sees(two_key, representative, lost):
    release(two_key)
    representative.memberships.update(**lost)
    assert refused(two_key, two_key.created_by) == [SENDS]
    with pytest.raises(PermissionDenied):
        submit(two_key, representative)
    assert actions.close_views() == 1
    assert not Proposal.objects.visible_to(representative).exists()
    assert Proposal.objects.visible_to(two_key.created_by).exists()


def test_views_of_those_who_stand_for_an_organisation_stay(two_key, representative, partner):
    release(two_key)
    two_key.participations.create(organisation=partner)
    Access.objects.create(proposal=two_key, user=signatory_of(partner), why="representative")
    assert actions.close_views() == 0
    two_key.participations.all().delete()
    assert actions.close_views() == 1
    assert Access.objects.get(why="representative").user == representative


def test_a_bar_goes_before_a_release(two_key, representative):
    Access.objects.create(proposal=two_key, user=representative, grant=False, why="conflict:declared")
    release(two_key)
    assert Message.objects.count() == 0
    with pytest.raises(PermissionDenied):
        submit(two_key, representative)


def test_the_released_text_of_an_earlier_round_is_released_anew(two_key, representative):
    release(two_key)
    submit(two_key, representative)
    later = NOW + timedelta(days=1)
    returned = Proposal.objects.get(pk=two_key.pk)
    actions.return_for_correction(returned, reason="Say more.", correct_by=NOW + timedelta(days=9), by=make_staff(), now=later)
    with pytest.raises(actions.NotSigned):
        submit(two_key, representative, now=later)
    release(returned, now=later)
    assert submit(two_key, representative, now=later).number == 2


def test_a_delegate_submits_in_the_representatives_place(two_key, representative):
    release(two_key)
    pi = two_key.created_by
    with pytest.raises(PermissionDenied):
        actions.delegate(two_key, to=pi, by=pi, now=NOW)
    for nobody in (representative, make_user()):
        with pytest.raises(ValidationError):
            actions.delegate(two_key, to=nobody, by=representative, now=NOW)
    delegation = actions.delegate(two_key, to=pi, by=representative, now=NOW)
    assert actions.delegate(two_key, to=pi, by=representative, now=NOW) == delegation
    assert list(Message.objects.filter(template="signature_delegated").values_list("address", flat=True)) == ["pi@example.org"]
    assert submit(two_key, pi).frozen_by == pi


def test_a_delegation_that_ended_or_whose_giver_is_gone_is_none(two_key, representative, lead):
    release(two_key)
    pi = two_key.created_by
    delegation = actions.delegate(two_key, to=pi, by=representative, now=NOW)
    colleague = make_user()
    two_key.team.create(full_name="Colleague", role=TeamRole.CO_I, user=colleague, accepted_at=NOW)
    Access.objects.create(proposal=two_key, user=colleague, why="team")
    for other in (make_user(), colleague):
        with pytest.raises(PermissionDenied):
            actions.end_delegation(delegation, by=other, now=NOW)
    release(two_key, now=NOW + timedelta(minutes=1))
    actions.end_delegation(delegation, by=representative, now=NOW)
    assert refused(two_key, pi) == [SENDS]
    actions.delegate(two_key, to=pi, by=representative, now=NOW)
    for role in (StaffRole.REVIEWER, StaffRole.NONE):  # whoever reviews stands for nobody
        representative.staff_role = role
        representative.save()
        assert rules.may_submit(pi, two_key) is (role == StaffRole.NONE)
    representative.memberships.all().delete()
    assert refused(two_key, pi) == [SENDS]
    successor = signatory_of(lead)
    Access.objects.create(proposal=two_key, user=successor, why="representative")
    actions.delegate(two_key, to=pi, by=successor, now=NOW)
    assert Delegation.objects.filter(ended_at=None).get().by == successor
    assert submit(two_key, pi).number == 1


def test_the_secretariat_files_what_was_signed_on_paper(two_key):
    Proposal.objects.filter(pk=two_key.pk).update(filed_by_staff=True)
    two_key.refresh_from_db()
    assert refused(two_key, two_key.created_by) == ["It waits for the release by the PI (Maria Principal).", SENDS]
    version = submit(two_key, make_staff())
    assert (version.on_behalf, version.number) == (True, 1)


def reminded(now):
    actions.remind(now=now)
    actions.tell(now=now)
    mails = Message.objects.filter(template="reminder_draft").order_by("address")
    return [(mail.address, mail.text) for mail in mails]


def test_reminders_reach_the_team_and_the_representatives_who_may_read(two_key, representative, lead):
    signatory_of(lead)  # came later: was never given it to read
    Message.objects.all().delete()
    soon = two_key.phase.closes_at - timedelta(hours=23)
    Proposal.objects.filter(pk=two_key.pk).update(moved_at=NOW - timedelta(days=1))
    Access.objects.create(proposal=two_key, user=representative, why="representative")
    mails = reminded(soon)
    assert [address for address, _text in mails] == ["head@example.org", "pi@example.org"]
    waits = "It waits for the principal investigator to release it; then a representative of the lead organisation submits it."
    assert all(waits in text and "you can submit it now" not in text for _address, text in mails)


@pytest.mark.parametrize(
    ("edited", "says"),
    [
        (
            False,
            "The principal investigator has released it. It waits for a representative of the lead organisation to submit it.",
        ),
        (True, "It was released and has changed since."),
    ],
)
def test_reminders_say_how_a_release_stands(two_key, representative, edited, says):
    release(two_key)
    if edited:
        edit(two_key, abstract="Something else.")
    mails = reminded(two_key.phase.closes_at - timedelta(hours=23))
    assert [address for address, _text in mails] == ["head@example.org", "pi@example.org"]
    assert all(says in text for _address, text in mails)


def test_reminders_count_the_partners_who_have_not_signed(consortium):
    consortium.participations.create(organisation=make_organisation())
    ((_address, text),) = reminded(consortium.phase.closes_at - timedelta(hours=23))
    assert "2 partner organisations have not signed their parts." in text


def test_mails_of_keys_hold_nothing_live(two_key, representative, partner):
    two_key.call.phases.update(partners_sign=True)
    Proposal.objects.filter(pk=two_key.pk).update(title="See https://evil.example")
    partner.name = "Click http://evil.example"
    partner.save()
    two_key.participations.create(organisation=partner)
    signatory_of(partner)
    actions.ask_to_sign(two_key, by=two_key.created_by, now=NOW)
    release(two_key)
    actions.delegate(two_key, to=two_key.created_by, by=representative, now=NOW)
    mails = Message.objects.filter(template__in=["released", "signature_asked", "signature_delegated"])
    assert mails.count() == 3
    assert [mail.template for mail in mails if "evil.example" in mail.text + mail.html + mail.subject] == []


def test_other_staff_hold_no_key(two_key, lead, representative):
    release(two_key)
    member = make_staff(role=StaffRole.REVIEWER)
    make_member(member, lead)
    Access.objects.create(proposal=two_key, user=member, why="assignment:1")
    assert rules.may_submit(member, two_key) is False
    with pytest.raises(PermissionDenied):
        submit(two_key, member)


def test_who_represents_is_who_stands_for(lead):
    own = make_organisation()
    merged = make_organisation(merged_into=own)
    for organisation in (lead, own, merged):
        for role in Role:
            for confirmed in (True, False):
                make_member(make_user(), organisation, role=role, confirmed=confirmed)
        found = set(representatives([organisation.pk]))
        assert found == {one.user for one in organisation.memberships.all() if stands_for(one, organisation)}
    assert representatives([None]).count() == 0
    make_member(make_user(is_active=False), lead)
    make_member(make_staff(), lead)
    assert representatives([lead.pk]).count() == 1


def test_partner_signs_its_part_and_only_then_it_is_submitted(consortium, partner):
    pi = consortium.created_by
    assert refused(consortium, pi) == ["It waits for the signature of a representative of Partner Institute."]
    person = signatory_of(partner)
    with pytest.raises(PermissionDenied):
        actions.sign(consortium, organisation=partner, by=person, now=NOW)
    actions.ask_to_sign(consortium, by=pi, now=NOW)
    actions.ask_to_sign(consortium, by=pi, now=NOW)
    assert list(Message.objects.values_list("template", "recipient")) == [("signature_asked", person.pk)]
    first = actions.sign(consortium, organisation=partner, by=person, now=NOW)
    assert actions.sign(consortium, organisation=partner, by=person, now=NOW) == first
    with pytest.raises(ValidationError):
        actions.ask_to_sign(consortium, by=pi, now=NOW)
    assert submit(consortium, pi).number == 1


def signed(consortium, partner):
    person = signatory_of(partner)
    actions.ask_to_sign(consortium, by=consortium.created_by, now=NOW)
    actions.sign(consortium, organisation=partner, by=person, now=NOW)
    return person


def test_a_word_elsewhere_voids_no_signature(consortium, partner):
    signed(consortium, partner)
    edit(consortium, title="A better title", abstract="A typo less.")
    other = make_organisation()
    consortium.team.create(full_name="Somebody else", role=TeamRole.CO_I, organisation=other)
    partner.name = "Partner Institute of Science"
    partner.save()
    assert keys_of(consortium).waits() == []


VOIDS = {
    "share": lambda proposal: proposal.participations.update(share_percent="25.00"),
    "role": lambda proposal: proposal.participations.update(role="Everything"),
    "people": lambda proposal: proposal.team.filter(full_name="Their Engineer").update(full_name="Their Other Engineer"),
    "cost": lambda proposal: Proposal.objects.filter(pk=proposal.pk).update(cost_amount="1000000.00"),
    "lead": lambda proposal: Proposal.objects.filter(pk=proposal.pk).update(lead=make_organisation()),
}


@pytest.mark.parametrize("what", VOIDS)
def test_what_a_partner_commits_to_voids_its_signature_when_it_changes(consortium, partner, what):
    person = signed(consortium, partner)
    VOIDS[what](consortium)
    says = "The part of Partner Institute was signed, and changed since: its representative has to sign anew."
    assert refused(consortium, consortium.created_by) == [says]
    fresh = Proposal.objects.get(pk=consortium.pk)
    actions.sign(fresh, organisation=partner, by=person, now=NOW)
    assert submit(consortium, consortium.created_by).number == 1


def test_a_partner_signs_only_its_own_part_as_the_page_showed_it(consortium, partner):
    person = signed(consortium, partner)
    other = make_organisation(in_directory=True)
    consortium.participations.create(organisation=other)
    with pytest.raises(PermissionDenied):
        actions.sign(consortium, organisation=other, by=person, now=NOW)
    own = make_organisation()
    make_member(person, own)
    with pytest.raises(PermissionDenied):
        actions.sign(consortium, organisation=own, by=person, now=NOW)
    seen = keys_of(consortium).parts[0].sha256
    consortium.participations.filter(organisation=partner).update(role="Everything")
    with pytest.raises(actions.ChangedMeanwhile):
        actions.sign(consortium, organisation=partner, seen=seen, by=person, now=NOW)


def test_a_part_is_taken_back_by_its_organisation_alone(consortium, partner):
    person = signed(consortium, partner)
    signature = Signature.objects.get()
    with pytest.raises(PermissionDenied):
        actions.take_back(signature, by=consortium.created_by, now=NOW)
    actions.take_back(signature, by=person, now=NOW)
    assert refused(consortium, consortium.created_by) == ["It waits for the signature of a representative of Partner Institute."]


def test_only_the_team_asks_and_only_where_the_phase_does(consortium, partner, two_key):
    person = signed(consortium, partner)
    for stranger in (person, make_user(), make_staff()):
        with pytest.raises(PermissionDenied):
            actions.ask_to_sign(consortium, by=stranger, now=NOW)
    Phase.objects.update(partners_sign=False)
    with pytest.raises(PermissionDenied):
        actions.ask_to_sign(consortium, by=consortium.created_by, now=NOW)
    with pytest.raises(PermissionDenied):
        actions.sign(consortium, organisation=partner, by=person, now=NOW)


def test_it_works_with_the_partners_own_eyes(two_key, representative, partner):
    two_key.call.phases.update(partners_sign=True)
    two_key.participations.create(organisation=partner)
    person = signatory_of(partner)
    with eyes_of(two_key.created_by):
        actions.ask_to_sign(Proposal.objects.get(pk=two_key.pk), by=two_key.created_by, now=NOW)
        release(Proposal.objects.get(pk=two_key.pk), by=two_key.created_by)
    with eyes_of(person):
        actions.sign(Proposal.objects.get(pk=two_key.pk), organisation=partner, by=person, now=NOW)
    with eyes_of(make_user()):
        assert (Signature.objects.count(), Proposal.objects.count()) == (0, 0)
    with eyes_of(representative):
        delegation = actions.delegate(Proposal.objects.get(pk=two_key.pk), to=two_key.created_by, by=representative, now=NOW)
        actions.end_delegation(delegation, by=representative, now=NOW)
        version = submit(two_key, representative)
    assert Version.objects.get() == version


@pytest.mark.django_db(transaction=True)
def test_two_representatives_and_an_edit_at_once_submit_once_what_was_released(two_key, lead, representative):
    others = [signatory_of(lead) for _n in range(3)]
    digest = release(two_key).sha256

    def click(n):
        try:
            if n % 4 == 3:
                actions.take_back(Signature.objects.get(taken_back_at=None), by=two_key.created_by, now=NOW)
                return "taken back"
            person = [representative, *others][n % 4]
            return actions.submit(Proposal.objects.get(pk=two_key.pk), by=person, now=NOW).sha256
        except (MoveNotAllowed, actions.NotSigned, PermissionDenied, Signature.DoesNotExist):
            return ""
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as clicks:
        answers = [one for one in clicks.map(click, range(16)) if one]
    submitted = [one for one in answers if one != "taken back"]
    two_key.refresh_from_db()
    assert len(submitted) + answers.count("taken back") == 1
    assert (Version.objects.count(), two_key.status == Status.SUBMITTED) == (len(submitted), bool(submitted))
    assert Signature.objects.filter(sha256=digest, taken_back_at=None).count() == len(submitted)
