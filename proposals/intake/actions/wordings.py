"""What the secretariat does with the wordings of its letters: write a new version, retire one, try one on oneself."""

import uuid
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.intake import emails
from proposals.intake.calculations.placeholders import PLACEHOLDERS, unknown
from proposals.intake.models import Proposal
from proposals.intake.queries.letters import written
from proposals.intake.rules import may_triage
from proposals.outbox.models import Wording, WordingVersion
from proposals.partners.calculations import one_line
from proposals.partners.models import User

LONGEST_SUBJECT = 200
LONGEST_BODY = 20_000
Texts = Mapping[str, Mapping[str, str]]


@transaction.atomic
def save_wording(wording: Wording, *, texts: Texts, by: User, now: datetime) -> WordingVersion:
    """This will keep a wording's texts ({language: {"subject", "body"}}) as its next version; the same texts make none.

    Raises PermissionDenied, or ValidationError naming the language and what stands in braces without being a placeholder.
    """
    if not may_triage(by):
        raise PermissionDenied
    kept = _checked(texts)
    wording.name = one_line(wording.name)
    wording.full_clean()
    wording.save()
    # two who write at once: the second waits here, and follows the first
    Wording.objects.select_for_update().get(pk=wording.pk)
    last = wording.versions.order_by("-number").first()
    if last is not None and last.texts == kept:
        return last
    number = last.number + 1 if last else 1
    version = WordingVersion.objects.create(wording=wording, number=number, texts=kept, made_by=by, made_at=now)
    record("wording.saved", by=by, about=wording, version=number, languages=sorted(kept))
    return version


@transaction.atomic
def retire_wording(wording: Wording, *, by: User, now: datetime) -> None:
    """This will take a wording out of the choice; what was written with it stays. Raises PermissionDenied."""
    if not may_triage(by):
        raise PermissionDenied
    if Wording.objects.filter(pk=wording.pk, retired_at=None).update(retired_at=now):
        record("wording.retired", by=by, about=wording)


@transaction.atomic
def restore_wording(wording: Wording, *, by: User, now: datetime) -> None:
    """This will offer a retired wording again. Raises PermissionDenied."""
    if not may_triage(by):
        raise PermissionDenied
    if Wording.objects.filter(pk=wording.pk, retired_at__isnull=False).update(retired_at=None):
        record("wording.restored", by=by, about=wording)


@transaction.atomic
def try_wording(
    version: WordingVersion, *, proposal: Proposal, language: str, request_key: uuid.UUID, by: User, now: datetime
) -> None:
    """This will send the letter about a proposal to oneself alone, marked as a trial; the same request once.

    Raises PermissionDenied, or ValidationError for a language that the wording is not written in.
    """
    if not may_triage(by):
        raise PermissionDenied
    if language not in version.texts:
        raise ValidationError(_("This wording is not written in that language."))
    emails.trial(written(version, proposal, to=by, language=language), key=request_key, to=by, now=now)
    record("wording.tried", by=by, about=version.wording, version=version.number, language=language)


def _checked(texts: Texts) -> dict[str, dict[str, str]]:
    """The texts of each language that has any, tidied. Raises ValidationError with a sentence for each fault."""
    faults: list[str] = []
    kept: dict[str, dict[str, str]] = {}
    names = dict(settings.LANGUAGES)
    for language, text in texts.items():
        subject, body = one_line(text.get("subject", "")), text.get("body", "").replace("\r\n", "\n").strip()
        if language not in names or not (subject or body or language == "en"):
            continue
        kept[language] = {"subject": subject, "body": body}
        faults += _faults(str(names[language]), subject, body)
    if "en" not in kept:
        faults.append(_("Write the text in English: it is what readers of other languages get without a text of theirs."))
    if faults:
        raise ValidationError(faults)
    return kept


def _faults(language: str, subject: str, body: str) -> list[str]:
    """What is wrong with the text in one language, each a sentence that names the language."""
    told = {"language": language, "subject": LONGEST_SUBJECT, "body": LONGEST_BODY}
    told["known"] = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    faults = []
    if not subject or not body:
        faults.append(_("%(language)s: write both the subject and the text."))
    if len(subject) > LONGEST_SUBJECT or len(body) > LONGEST_BODY:
        faults.append(_("%(language)s: the subject may have %(subject)s characters and the text %(body)s. Shorten it."))
    if "\x00" in body:
        faults.append(_("%(language)s: the text holds a character that cannot be kept. Type it again."))
    strange = _("%(language)s: “{%(name)s}” is no placeholder. There are: %(known)s.")
    return [fault % told for fault in faults] + [strange % {**told, "name": name} for name in unknown(subject + "\n" + body)]
