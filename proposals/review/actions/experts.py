"""Verbs of an expert: be appointed, have a profile, keep it, accept the undertaking."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.calls.models import Phase
from proposals.intake.models import Access
from proposals.partners import actions as partners
from proposals.partners.gateways import unrestricted
from proposals.partners.models import User
from proposals.partners.states import EXPERTS, StaffRole
from proposals.review.actions.access import open_to
from proposals.review.actions.conflicts import refresh_all
from proposals.review.models import Assignment, Expert, Expertise
from proposals.review.queries.experts import topics, undertaking_of
from proposals.review.rules.experts import may_keep_experts, may_keep_own_profile, may_undertake
from proposals.review.states import Answer

OWN = ("languages", "max_load", "away_from_on", "away_to_on")
BARRING = ("organisation", "country")  # conflicts hang on them


class SavedMeanwhile(ValidationError):
    """Somebody saved it since the page was opened; nothing was changed."""

    def __init__(self) -> None:
        super().__init__(
            _("Someone saved this after you opened it. Nothing of yours was saved, and all you typed is still here. "
              "Open the page in another tab, compare, and bring over what you want to keep.")
        )  # fmt: skip


class AnotherText(ValidationError):
    """The undertaking was changed since it was shown; nothing was accepted."""

    def __init__(self) -> None:
        super().__init__(_("The text of the undertaking was changed meanwhile. Read it again, then accept it."))


@transaction.atomic
def appoint(email: str, *, full_name: str, role: StaffRole, by: Any, now: datetime) -> User:
    """This will make or find the account of a member of staff and mail a link to set a password; experts get a profile.

    Raises PermissionDenied or ValidationError.
    """
    user = partners.appoint(email, full_name=full_name, role=role, by=by, now=now)
    _settle(user, role, by=by, now=now)
    return user


@transaction.atomic
def give_role(user: User, *, role: StaffRole, by: Any, now: datetime) -> None:
    """This will give a person who has an account a staff role, with a profile where they judge, and bar them at once.

    Raises PermissionDenied or ValidationError.
    """
    partners.give_role(user, role=role, by=by, now=now)
    _settle(user, role, by=by, now=now)


@transaction.atomic
def dismiss(user: User, *, by: Any, now: datetime) -> None:
    """This will take a person's staff role away, and with it the sight of what they judged.

    What the data barred them from ends, what was declared stays. Raises PermissionDenied.
    """
    partners.dismiss(user, by=by, now=now)
    # a grant that outlived the role would make them one of the team that they judged
    Access.objects.filter(user=user, why__startswith="assignment:").delete()
    refresh_all(now=now, by=by)


def _settle(user: User, role: StaffRole, *, by: Any, now: datetime) -> None:
    if role in EXPERTS and not Expert.objects.filter(user=user).exists():
        expert = Expert.objects.create(user=user)
        record("expert.saved", by=by, about=expert, user=user.pk, changed=[])
    refresh_all(now=now, by=by)


@transaction.atomic
def save_expert(
    expert: Expert, *, weights: Mapping[str, Decimal | None], by: Any, now: datetime, revision: int | None = None
) -> Expert:
    """This will save an expert's whole profile and, where a conflict could hang on the change, bar or let in at once.

    `weights` are 0 to 1 by topic; what is left out is not known. `revision` is the one the page was opened at.
    Raises PermissionDenied, ValidationError or SavedMeanwhile.
    """
    if not may_keep_experts(by):
        raise PermissionDenied
    if not expert.user.is_staff:
        raise ValidationError({"user": _("%(person)s has no staff role; give them one first.") % {"person": expert.user}})
    changed = _save(expert, (*BARRING, *OWN), weights, by=by, revision=revision)
    if set(changed) & set(BARRING) or expert.revision == 1:
        refresh_all(now=now, by=by)
    return expert


@transaction.atomic
def save_own(
    expert: Expert, *, weights: Mapping[str, Decimal | None], by: Any, now: datetime, revision: int | None = None
) -> Expert:
    """This will save what an expert says of themselves: languages, load, absence, topics; nothing that conflicts hang on.

    Raises PermissionDenied, ValidationError or SavedMeanwhile.
    """
    if not may_keep_own_profile(by, expert):
        raise PermissionDenied
    _save(expert, OWN, weights, by=by, revision=revision)
    return expert


def _save(
    expert: Expert, columns: tuple[str, ...], weights: Mapping[str, Decimal | None], *, by: Any, revision: int | None
) -> list[str]:
    """Check, claim the revision and write; gives the names of what changed."""
    expert.full_clean(exclude=["user"])
    kept = {topic: weight for topic, weight in weights.items() if weight}
    if unknown := kept.keys() - dict(topics()).keys():
        raise ValidationError(_("Unknown topic: %(topics)s.") % {"topics": ", ".join(sorted(unknown))})
    if expert._state.adding:
        expert.save(force_insert=True)
        changed = list(columns)
    else:
        held = Expert.objects.select_for_update(of=("self",)).get(pk=expert.pk)
        if revision is not None and held.revision != revision:
            raise SavedMeanwhile
        changed = [name for name in columns if getattr(held, name) != getattr(expert, name)]
        expert.revision = held.revision + 1
        expert.save(update_fields=[*columns, "revision"])
    was = dict(expert.expertise.values_list("topic", "weight"))
    if was != kept:
        expert.expertise.all().delete()
        rows = [Expertise(expert=expert, topic=topic, weight=weight) for topic, weight in kept.items()]
        for row in rows:
            row.full_clean(exclude=["expert"])
        Expertise.objects.bulk_create(rows)
        changed.append("expertise")
    record("expert.saved", by=by, about=expert, user=expert.user_id, changed=changed)
    return changed


@transaction.atomic
def accept_undertaking(user: User, *, phase: Phase, sha256: str, by: Any, now: datetime) -> Expert:
    """This will note that an expert accepted the text that a phase asks, and open what they had accepted to judge under it.

    `sha256` is of the text that was shown. The same text once more changes nothing.
    Raises PermissionDenied, or AnotherText where the text is not the same any more.
    """
    if not may_undertake(by) or by.pk != user.pk:
        raise PermissionDenied
    if undertaking_of(phase).sha256 != sha256:
        raise AnotherText
    expert, _made = Expert.objects.get_or_create(user=user)
    expert = Expert.objects.select_for_update(of=("self",)).get(pk=expert.pk)
    if expert.undertaken_sha256 != sha256:
        expert.undertaken_at, expert.undertaken_sha256 = now, sha256
        expert.save(update_fields=["undertaken_at", "undertaken_sha256"])
        language = translation.get_language() or ""
        record("expert.undertook", by=by, about=expert, phase=phase.pk, sha256=sha256, language=language)
    with unrestricted():
        accepted = Assignment.objects.filter(user=user, answer=Answer.ACCEPTED).select_related("user__expert", "phase")
        for assignment in accepted:
            open_to(assignment)
    return expert
