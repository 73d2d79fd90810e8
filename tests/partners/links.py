"""The links that mails to role mailboxes carry, read back as their readers would."""

import re

from proposals.outbox.models import Message


def confirmation_token(mail: Message) -> str:
    """The secret in a mail that asks a mailbox to confirm."""
    (found,) = set(re.findall(r"/mailboxes/confirm/([\w-]+)/", mail.text))
    return found


def stop_path(mail: Message) -> str:
    """The path of the link at the foot of a mail that stops all mail to the mailbox."""
    (found,) = set(re.findall(r"(/mailboxes/stop/[^/\s]+/)", mail.text))
    return found
