"""Mail at the end of the line: how many a second reach the sink, and whether any was lost, doubled or made up."""

import time
from collections import Counter

from tests.benchmarks.client import Broken
from tests.benchmarks.figures import Row
from tests.benchmarks.stage import Stage

PATIENCE_S = 120
# Copies of a mail already sent, each to a recipient and about a thing of its own.
COPY = """
INSERT INTO proposals_message (key, kind, priority, address, language, template, about_type, about_id, subject, text, html, link,
    message_id, thread_id, created_at, due_at, delivery, attempts, last_reply)
SELECT 'bench-{run}-' || n, kind, priority, 'rate-{run}-' || n || '@partner.example', language, template, about_type,
    gen_random_uuid()::text, subject, text, html, link, '<bench-{run}-' || n || '@bench.example>', '', now(), now(),
    'queued', 0, ''
FROM generate_series(1, {count}) AS n, (SELECT * FROM proposals_message WHERE template = 'received' ORDER BY id LIMIT 1) AS m;
"""


def drain() -> float:
    """Wait until nothing is waiting to be sent; seconds waited. Raises Broken."""
    from proposals.outbox.models import Message

    began = time.monotonic()
    while Message.objects.exclude(delivery="sent").exists():
        if time.monotonic() - began > PATIENCE_S:
            stuck = Counter(Message.objects.exclude(delivery="sent").values_list("delivery", flat=True))
            raise Broken(f"mail is stuck after {PATIENCE_S} s: {dict(stuck)}")
        time.sleep(0.05)
    return time.monotonic() - began


def rate_row(stage: Stage, size: int, *, count: int) -> Row:
    """Mails a second from the outbox to the sink: written at once, then the worker is rung."""
    from proposals.outbox.gateways import knock

    drain()
    before = len(stage.sink.mails)
    stage.sql(COPY.format(run=f"{size}", count=count))
    began = time.perf_counter()
    knock()
    knock()  # one ring a worker process
    while len(stage.sink.mails) < before + count:
        if time.perf_counter() - began > PATIENCE_S:
            raise Broken(f"{before + count - len(stage.sink.mails)} of {count} mails did not arrive in {PATIENCE_S} s")
        time.sleep(0.002)
    taken = time.perf_counter() - began
    drain()
    each = taken * 1000 / count
    return Row("mails to the sink", size, each, each, 0, 0, 0, count, rate_per_s=count / taken, requests=0)


def check_delivery(stage: Stage) -> str:
    """Every message in the database reached the sink, once, and nothing else did. Raises Broken."""
    from proposals.outbox.models import Message

    written = set(Message.objects.values_list("message_id", flat=True))
    came = Counter(mail.message_id for mail in stage.sink.mails)
    lost, strange = written - set(came), set(came) - written
    doubled = [one for one, times in came.items() if times > 1]
    if lost or strange or doubled:
        raise Broken(f"of {len(written):,} mails {len(lost)} were lost, {len(doubled)} doubled, {len(strange)} came from nowhere")
    return f"{len(written):,} mails written, each received exactly once"


def check_letters(letters: list[str]) -> str:
    """Every letter that was answered with a receipt is submitted, once, with its receipt by mail. Raises Broken."""
    from proposals.intake.models import Proposal, Version
    from proposals.outbox.models import Message

    held = Version.objects.filter(proposal__in=letters).count()
    open_drafts = Proposal.objects.filter(pk__in=letters, status="draft").count()
    told = Message.objects.filter(template="received", about_id__in=letters).count()
    if not len(letters) == held == told or open_drafts:
        raise Broken(f"{len(letters)} letters, {held} versions, {told} receipts by mail, {open_drafts} still drafts")
    return f"{len(letters):,} letters acknowledged, {held:,} versions kept, {told:,} receipts mailed"
