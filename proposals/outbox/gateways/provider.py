"""Mail by any other of Django's backends, a provider's foremost: what its answer means, and how its reports find the mail."""

from typing import Any

from anymail.exceptions import AnymailInvalidAddress, AnymailRecipientsRefused
from django.core.mail import EmailMultiAlternatives

from proposals.outbox.calculations import Outcome
from proposals.outbox.calculations.reports import printable
from proposals.outbox.states import Result, SmtpPhase

# Our Message-ID among a provider's metadata; these providers have none, and the mail would be refused for it.
METADATA_KEY = "lunar-partners-id"
WITHOUT_METADATA = ("mailersend", "postal")


def send(mail: EmailMultiAlternatives, connection: Any) -> Outcome:
    """Send one mail: only a recipient refused by name is final, the rest is tried again; never raises.

    The mail carries our Message-ID as the provider's metadata, and the evidence the provider's own id of it:
    by one or the other its later reports are matched.
    """
    if _carries_metadata(connection):
        mail.metadata = {METADATA_KEY: mail.extra_headers["Message-ID"]}  # type: ignore[attr-defined]  # anymail's
    try:
        connection.open()
        taken = connection.send_messages([mail])
    except (AnymailRecipientsRefused, AnymailInvalidAddress) as error:
        return Outcome(Result.PERMANENT, SmtpPhase.RCPT, None, printable(str(error)))
    except Exception as error:  # noqa: BLE001  # each provider raises its own kinds
        code = getattr(error, "status_code", None)
        return Outcome(Result.TRANSIENT, SmtpPhase.DATA, code if isinstance(code, int) else None, printable(str(error)))
    if not taken:
        return Outcome(Result.TRANSIENT, SmtpPhase.DATA, None, "not taken")
    given = getattr(getattr(mail, "anymail_status", None), "message_id", None)
    return Outcome(Result.SENT, SmtpPhase.DOT, None, printable("" if given is None else str(given)))


def _carries_metadata(connection: Any) -> bool:
    """Whether a backend is a provider's, and that provider keeps metadata."""
    provider = type(connection).__module__.removeprefix("anymail.backends.")
    return type(connection).__module__.startswith("anymail.") and provider not in WITHOUT_METADATA
