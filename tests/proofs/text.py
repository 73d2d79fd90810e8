"""TEXT: mail speaks its reader's language, and nobody's words break out of it.

1,200 mails in six languages, in turn (quick: 120), written while other languages are active around them, and 60
reminders that the worker renders (quick: 12), go through one worker group. Goal: no mail whose header, text or HTML is not in
its reader's language. Then 25 payloads at each of 8 places where what people type reaches mail, 200 mails in either form:
0 headers, recipients or parts that are not ours, 0 live links, and nobody gets a mail that was not written.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.utils import translation

from proposals.outbox.gateways.bell import bell
from proposals.outbox.models import Message
from tests import factories
from tests.proofs.letters import LANGUAGES, write
from tests.proofs.payloads import PAYLOADS, PLACES, write_all, wrongs
from tests.proofs.sink import Received
from tests.proofs.stage import Stage, wait_until
from tests.proofs.tally import drain, tally
from tests.proofs.verdict import Verdict

MAILS, REMINDERS = 1_200, 60
PATIENCE_S = 120
# A line at the foot of every mail, and one that stands in the body of the mails written here or in its reminders.
SPOKEN = {
    "en": ("You receive this because", ("passed the eligibility check", "Title and abstract")),
    "zh-hans": ("您收到此邮件", ("已通过资格审查", "标题与摘要")),
    "fr": ("Vous recevez ce courriel", ("contrôle d’éligibilité", "Titre et résumé")),
    "ru": ("Вы получили это письмо", ("прошла проверку", "Название и аннотация")),
    "es": ("Recibe este correo", ("verificación de requisitos", "Título y resumen")),
    "ar": ("تصلكم هذه الرسالة", ("التحقق من الأهلية", "العنوان والملخص")),
}


def prove(stage: Stage, *, full: bool, chance: random.Random) -> Verdict:
    """Play the row."""
    share = 1 if full else 10
    verdict = Verdict()
    stage.worker()
    expected = _speak(stage, MAILS // share, REMINDERS // (1 if full else 5), chance)
    drain(stage, seconds=PATIENCE_S)
    wrong = [told for mail in stage.sink.mails for told in _misspoken(mail, expected)]
    verdict.require(not wrong, f"{len(wrong)} mails in a wrong language: {wrong[:3]}")
    came = {mail.to[0] for mail in stage.sink.mails}
    verdict.require(came >= expected.keys(), f"{len(expected.keys() - came)} mails did not come")
    spoken = len(stage.sink.mails)

    payloads = write_all(languages=LANGUAGES, now=datetime.now(UTC))
    drain(stage, seconds=PATIENCE_S)
    broken = [f"{mail.to[0]}: {told}" for mail in stage.sink.mails[spoken:] for told in wrongs(mail)]
    verdict.require(not broken, f"{len(broken)} breaches: {broken[:5]}")
    verdict.require(payloads == len(PAYLOADS) * len(PLACES) == 200, f"{payloads} payloads")
    found = tally(stage.sink.mails, only="payload-")
    verdict.require(found.delivered >= payloads, f"{found.delivered} of {payloads} mails with payloads came")
    strange = {address for mail in stage.sink.mails for address in mail.to} - set(
        Message.objects.values_list("address", flat=True)
    )
    verdict.require(not strange, f"mail for {sorted(strange)[:3]}")
    verdict.figures |= {
        "mails": spoken, "languages": len(SPOKEN), "wrong_language": len(wrong), "payloads": payloads,
        "breaches": len(broken), "strangers": len(strange),
    }  # fmt: skip
    return verdict


def _speak(stage: Stage, mails: int, reminders: int, chance: random.Random) -> dict[str, str]:
    """Write mails in turn under another active language, and have the worker remind; the language of each address."""
    expected = {}
    now = datetime.now(UTC)
    call = factories.make_call(closes_at=now + timedelta(days=3, minutes=-1))
    for number in range(reminders):
        person = factories.make_user(language=LANGUAGES[number % len(LANGUAGES)], email=f"reminded-{number}@partner.example")
        factories.make_proposal(call=call, by=person, at=now - timedelta(days=10))
        expected[person.email] = person.language
    bell.ring("intake.remind")
    for number in range(mails):
        with translation.override(chance.choice(LANGUAGES)):
            write(number, 1, prefix="speak")
        expected[f"speak-{number}@partner.example"] = LANGUAGES[number % len(LANGUAGES)]
    wait_until(
        lambda: Message.objects.filter(template="reminder_draft").count() == reminders,
        seconds=PATIENCE_S,
        what="the worker has written the reminders",
        every_s=0.2,
    )
    return expected


def _misspoken(mail: Received, expected: dict[str, str]) -> Iterator[str]:
    """What is not in the language of the mail's reader."""
    language = expected.get(mail.to[0])
    if language is None:
        return
    parsed = mail.mail
    if parsed["Content-Language"] != language:
        yield f"{mail.to[0]}: Content-Language {parsed['Content-Language']}, not {language}"
    for kind in ("plain", "html"):
        part = parsed.get_body((kind,))
        said = str(part.get_content()) if part else ""
        foot, bodies = SPOKEN[language]
        others = [words for other, (end, lines) in SPOKEN.items() if other != language for words in (end, *lines)]
        heard = [words for words in others if words in said]
        if foot not in said or not any(words in said for words in bodies) or heard:
            yield f"{mail.to[0]}: the {kind} text is not in {language}: {heard or said[:80]!r}"
