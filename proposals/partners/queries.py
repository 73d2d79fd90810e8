"""Answers about people and organisations that join several models."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet
from django.utils import translation

from proposals.audit.models import Event
from proposals.partners.calculations import Names, digest, nearest
from proposals.partners.gateways import Compiled, Given
from proposals.partners.models import CalendarKey, Invitation, Mailbox, Membership, Notice, Organisation, User

MAILBOX_LINK_GOOD_FOR = timedelta(days=30)
MAILBOX_LINKS_A_DAY = 10  # confirmation mails that one organisation, or one person, may have sent
MAILBOX_LINKS_TO_ONE = 3  # and that one address may get on behalf of different organisations
COMPARED_AT_MOST = 5000  # names an organisation is held against on its page for staff
OWN_AT_MOST = 100  # organisations of one person that are offered to them


def names_of(organisation: Organisation) -> Names:
    """Everything an organisation is called."""
    return _names(organisation.name, organisation.acronym, organisation.native_name, organisation.aliases)


def _names(name: str, acronym: str, native_name: str, aliases: Iterable[str]) -> Names:
    return Names(name, acronym, tuple(filter(None, (native_name, *aliases))))


def near_in_directory(wanted: Names) -> list[Organisation]:
    """The organisations of the public directory that this may be, nearest first. Two queries at most."""
    return _near(wanted, Organisation.objects.directory())


def near_for_staff(organisation: Organisation) -> list[Organisation]:
    """Every current organisation, whoever added it, that this one may be; for staff's eyes only."""
    others = Organisation.objects.current().exclude(pk=organisation.pk)
    if organisation.country:
        others = others.filter(country__in=["", str(organisation.country)])
    return _near(names_of(organisation), others)


def _near(wanted: Names, among: QuerySet[Organisation]) -> list[Organisation]:
    rows = among.order_by("-pk").values_list("pk", "name", "acronym", "native_name", "aliases")[:COMPARED_AT_MOST]
    known = ((key, _names(name, acronym, native, aliases)) for key, name, acronym, native, aliases in rows)
    found = [key for key, _score in nearest(wanted, known)]
    by_key = Organisation.objects.in_bulk(found)
    return [by_key[key] for key in found]


def verified_addresses(user: Any) -> list[str]:
    """The addresses this person has shown to be theirs, in lower case."""
    known = EmailAddress.objects.filter(user_id=user.pk, verified=True).values_list("email", flat=True)
    return sorted({address.lower() for address in known})


def pending_invitations(user: Any, now: datetime) -> QuerySet[Invitation]:
    """The invitations that this person can accept: open, and sent to an address they have verified."""
    mine = Invitation.objects.open(now).filter(email__in=verified_addresses(user))
    return mine.select_related("organisation", "invited_by").order_by("-created_at")


def by_token(token: str) -> Invitation | None:
    """The invitation of a link, whatever its state; None for a token that was never drawn."""
    found = Invitation.objects.filter(token_digest=digest(token))
    return found.select_related("organisation", "invited_by").first()


def closed_because(invitation: Invitation, now: datetime) -> str:
    """Why an invitation cannot be accepted (used, withdrawn, expired), or nothing while it can."""
    if invitation.accepted_at:
        return "used"
    if invitation.withdrawn_at:
        return "withdrawn"
    return "expired" if invitation.expires_at <= now else ""


def memberships(user: Any) -> QuerySet[Membership]:
    """A person's organisations with their role in each, by name."""
    mine = Membership.objects.filter(user_id=user.pk, organisation__merged_into=None)
    return mine.select_related("organisation").order_by("organisation__name", "pk")


_OWN = Compiled(
    lambda: (
        Organisation.objects.current()
        .filter(pk__in=Membership.objects.filter(user=Given("user")).values("organisation"))
        .order_by("name")[:OWN_AT_MOST]
    )
)


def own_organisations(user: Any) -> list[Organisation]:
    """The organisations that this person is a member of, confirmed or not, by name. One query."""
    return _OWN(user=user.pk)


def members(organisation: Organisation) -> QuerySet[Membership]:
    """An organisation's people, representatives first."""
    return organisation.memberships.select_related("user").order_by("-role", "user__full_name", "pk")


def in_directory(words: str) -> QuerySet[Organisation]:
    """The public directory's entries that hold these words in a name, by name; all of them for no words."""
    found = Organisation.objects.directory().order_by("name", "pk")
    for word in words.split()[:6]:
        found = found.filter(
            Q(name__icontains=word) | Q(acronym__icontains=word) | Q(native_name__icontains=word) | Q(aliases__icontains=word)
        )
    return found


def person_by_address(email: str) -> User | None:
    """Whoever has verified this address, or signs in with it."""
    known = EmailAddress.objects.filter(email__iexact=email, verified=True).select_related("user").first()
    return known.user if known else User.objects.filter(email=email.strip().lower()).first()


def mailboxes(organisation: Organisation) -> QuerySet[Mailbox]:
    """An organisation's role mailboxes, confirmed or not, by address."""
    return organisation.mailboxes.order_by("address")


def mailbox_by_token(token: str, *, now: datetime) -> Mailbox | None:
    """The mailbox that a confirmation link was sent to; None for an unknown one, or one that has run out unused."""
    found = Mailbox.objects.filter(token_digest=digest(token)).select_related("organisation").first()
    if found and not found.confirmed_at and found.added_at <= now - MAILBOX_LINK_GOOD_FOR:
        return None
    return found


def asked_too_often(organisation: Organisation, *, address: str, by: Any, now: datetime) -> bool:
    """Whether a day's confirmation mails are used up: of the organisation, of the person, or to the address."""
    since = now - timedelta(days=1)
    asked = Event.objects.filter(verb="mailbox.added", at__gt=since)
    of_it = asked.filter(subject_type="organisation", subject_id=str(organisation.pk))
    elsewhere = Mailbox.objects.filter(address=address, added_at__gt=since).exclude(organisation=organisation)
    asked_by = asked.filter(actor=by.pk)
    return max(of_it.count(), asked_by.count()) >= MAILBOX_LINKS_A_DAY or elsewhere.count() >= MAILBOX_LINKS_TO_ONE


def told_beside(organisation_id: int | None, people: Iterable[User]) -> list[Mailbox]:
    """The confirmed role mailboxes of a lead organisation, without those that are a told person's own address."""
    known = {person.email for person in people}
    rows = Mailbox.objects.confirmed().filter(organisation=organisation_id).select_related("organisation")
    return [mailbox for mailbox in rows if mailbox.address not in known]


def calendar_key(token: str) -> CalendarKey | None:
    """The calendar of an address, with its person; None for an unknown one, or a person whose account is closed."""
    found = CalendarKey.objects.filter(token_digest=digest(token), user__is_active=True)
    return found.select_related("user").first()


def calendar_made_at(user: Any) -> datetime | None:
    """When the address of a person's calendar was made; None where there is none."""
    return CalendarKey.objects.filter(user=user.pk).values_list("made_at", flat=True).first()


def notice(slug: str) -> Notice | None:
    """A page of text in the reader's language, else in English, else None."""
    language = translation.get_language() or "en"
    rows = {row.language: row for row in Notice.objects.filter(slug=slug, language__in=[language, "en"])}
    return rows.get(language) or rows.get("en")
