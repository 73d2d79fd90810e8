"""`manage.py mailcatcher`: takes every mail by SMTP, keeps it as a file, and shows it on a page; for development only."""

from __future__ import annotations

import argparse
import itertools
import os
import signal
import sys
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from lunarpartners.mailpage import Page
from lunarpartners.stack import state_folder

ANY_NUMBER = 10**9  # aiosmtpd hangs up after 20 mails on one connection unless told otherwise
LARGEST_MAIL_BYTES = 40 * 1024 * 1024


class Keeper:
    """Writes each mail into a folder; the sender is told 250 only when the file is there."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        self.folder = folder
        self._numbers = itertools.count(1)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        """Keep the mail as it came, its envelope in two headers on top."""
        content = envelope.content or b""
        body = content if isinstance(content, bytes) else content.encode()
        head = f"X-Envelope-From: {envelope.mail_from or '<>'}\r\nX-Envelope-To: {', '.join(envelope.rcpt_tos)}\r\n"
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{os.getpid()}-{next(self._numbers)}"
        unfinished = self.folder / f"{name}.part"
        unfinished.write_bytes(head.encode() + body)
        unfinished.rename(self.folder / f"{name}.eml")  # a reader never sees half a mail
        return "250 kept"


def run(arguments: list[str]) -> int:
    """Listen on two loopback ports until stopped; gives the exit status."""
    options = _parse(arguments)
    keeper = Keeper(options.folder)
    server = Controller(
        keeper, hostname="127.0.0.1", port=options.smtp_port, enable_SMTPUTF8=True,
        data_size_limit=LARGEST_MAIL_BYTES, command_call_limit=ANY_NUMBER,
    )  # fmt: skip
    try:
        server.start()
        page = ThreadingHTTPServer(("127.0.0.1", options.page_port), Page.over(keeper.folder))
    except OSError as error:
        print(f"The mail catcher cannot listen: {error.strerror}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        page.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        pass
    finally:
        page.server_close()
        server.stop()
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="manage.py mailcatcher", description="Catch every mail on a loopback port and show it.")
    parser.add_argument("--smtp-port", type=int, default=8025)
    parser.add_argument("--page-port", type=int, default=8026)
    parser.add_argument("--folder", type=Path, default=state_folder() / "mail", help="where mails are kept, one .eml each")
    return parser.parse_args(arguments)
