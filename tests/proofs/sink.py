"""An SMTP server that keeps every transaction and can be told to fail at any phase; also by hand:

python -m tests.proofs.sink --port 2525 --fault rcpt=450 --fault "dot=drop:1 @someone@partner.example"
"""

import argparse
import asyncio
import contextlib
import ipaddress
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.proofs.transactions import PHASES, Fault, Received, Talk, read_fault

USER, PASSWORD = "relay-user", "relay-password"
ANY_NUMBER = 10**9


class Sink:
    """A context in which the server listens on a loopback port."""

    def __init__(
        self,
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        login: bool = False,
        commands_each: int | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.mails: list[Received] = []
        self.talks: list[Talk] = []
        self.faults: list[Fault] = []
        self._tell = tell
        self._lock = threading.Lock()
        options: dict[str, Any] = {"command_call_limit": commands_each or ANY_NUMBER, "timeout": 120}
        if tls:
            options["tls_context"] = tls
        if login:
            options |= {"authenticator": _authenticate, "auth_require_tls": False}
        self._controller = _Listener(self, options, hostname="127.0.0.1", port=port)

    def __enter__(self) -> Self:
        self._controller.start()
        self.talks.clear()  # the first connection was the controller's own, to see whether it listens
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._controller.port)

    def script(self, *faults: Fault) -> None:
        """Play these faults from now on, instead of any before; none of them: be well."""
        with self._lock:
            self.faults = list(faults)

    def take(self, phase: str, recipients: Iterable[str] = ()) -> Fault | None:
        """The fault to play now, if any, counted down."""
        known = list(recipients)
        with self._lock:
            for fault in self.faults:
                if fault.phase == phase and fault.times != 0 and (not fault.to or fault.to in known):
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return None

    def tell(self, line: Callable[[], str]) -> None:
        """Pass a line to whoever listens; it is not even made where nobody does."""
        if self._tell:
            self._tell(line())

    def to(self, address: str) -> list[Received]:
        """The mails to one address, in the order they came."""
        return [each for each in self.mails if address in each.to]


class _Listener(Controller):
    """Aiosmtpd's own thread and loop, with our protocol."""

    def __init__(self, sink: Sink, options: dict[str, Any], **where: Any) -> None:
        self.sink = sink
        super().__init__(_Keeper(sink), **where, enable_SMTPUTF8=True, data_size_limit=50 * 2**20, **options)

    def factory(self) -> SMTP:
        return _Faulty(self.sink, self.handler, **self.SMTP_kwargs)

    def _trigger_server(self) -> None:
        self.port = int(self.server.sockets[0].getsockname()[1])  # known only once it listens
        super()._trigger_server()


class _Faulty(SMTP):
    """The protocol, with a fault before each command where one is scripted."""

    def __init__(self, sink: Sink, handler: Any, **options: Any) -> None:
        self.sink = sink
        self.talk = Talk()
        super().__init__(handler, **options)

    async def _handle_client(self) -> None:
        if self.talk not in self.sink.talks:  # a second call follows STARTTLS
            self.sink.talks.append(self.talk)
            if await self.fault("connect"):
                return
        await super()._handle_client()

    async def fault(self, phase: str, recipients: Iterable[str] = ()) -> bool:
        """Play the fault of a phase; False where there is none."""
        found = self.sink.take(phase, recipients)
        if found is None:
            return False
        self.talk.faults.append(f"{phase} {found.told}")
        self.sink.tell(lambda: f"    fault at {phase}: {found.told}")
        if not isinstance(found.what, str):
            found.what(self.transport.get_extra_info("peername")[1])
            self.transport.abort()
        elif found.what == "drop":
            self.transport.abort()
        elif found.what == "hang":
            await asyncio.sleep(3600)
        elif found.what == "garbage":
            await self.push(b"\xff\xfe ooze\x00 not a reply")
        else:
            code, _, words = found.what.partition(" ")
            await self.push(f"{code} {words or 'as scripted'}")
            if code == "421" or phase == "connect":
                self.transport.close()
        return True

    async def _faced(self, phase: str, arg: str | None, go_on: Any, recipients: Iterable[str] = ()) -> None:
        self.talk.commands.append(f"{phase} {arg or ''}".strip())
        self.sink.tell(lambda: f"{id(self.talk) // 16 % 10_000:04} {self.talk.commands[-1]}")
        if not await self.fault(phase, recipients):
            await go_on(arg)

    async def smtp_EHLO(self, arg):  # noqa: N802
        await self._faced("hello", arg, super().smtp_EHLO)

    async def smtp_HELO(self, arg):  # noqa: N802
        await self._faced("hello", arg, super().smtp_HELO)

    async def smtp_STARTTLS(self, arg):  # noqa: N802
        await self._faced("tls", arg, super().smtp_STARTTLS)

    async def smtp_AUTH(self, arg):  # noqa: N802
        await self._faced("login", arg.split(" ")[0], lambda _: super(_Faulty, self).smtp_AUTH(arg))

    async def smtp_MAIL(self, arg):  # noqa: N802
        await self._faced("mail", arg, super().smtp_MAIL)

    async def smtp_RCPT(self, arg):  # noqa: N802
        await self._faced("rcpt", arg, super().smtp_RCPT, [(arg or "").partition("<")[2].partition(">")[0]])

    async def smtp_DATA(self, arg):  # noqa: N802
        await self._faced("data", arg, super().smtp_DATA, self.envelope.rcpt_tos)


class _Keeper:
    """Keeps what passed the final dot."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink

    async def handle_DATA(self, server: _Faulty, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        content = envelope.original_content or b""
        received = Received(
            envelope.mail_from or "", list(envelope.rcpt_tos), content, time.time(), encrypted=session.ssl is not None
        )
        fault = self.sink.take("dot", envelope.rcpt_tos)
        if fault is None:
            self.sink.mails.append(received)
            self.sink.tell(lambda: f"    kept for {received.told}")
            return "250 2.0.0 kept"
        server.talk.faults.append(f"dot {fault.told}")
        self.sink.tell(lambda: f"    fault at dot: {fault.told}, for {received.told}")
        if fault.what in {"drop", "hang", "garbage"}:
            received.acknowledged = False
            self.sink.mails.append(received)
        if fault.what == "drop":
            server.transport.abort()
            return "250 never heard"
        if fault.what == "hang":
            await asyncio.sleep(3600)
        if fault.what == "garbage":
            return "ooze, not a reply"
        return fault.told if " " in fault.told else f"{fault.told} as scripted"


def _authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
    right = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


def self_signed(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS context for 127.0.0.1, and the certificate that a client would have to trust."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate, private = folder / "sink.pem", folder / "sink.key"
    certificate.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    return context, certificate


def main() -> None:
    """Listen until Ctrl-C, printing what is said, what is kept and which faults are played."""
    parser = argparse.ArgumentParser(description="An SMTP sink with faults by script.")
    parser.add_argument("--port", type=int, default=2525)
    parser.add_argument("--tls", action="store_true", help="offer STARTTLS, with a certificate made for the occasion")
    told = "PHASE=WHAT or PHASE=WHAT:TIMES, then perhaps @ADDRESS; WHAT is a reply, drop, hang or garbage"
    parser.add_argument("--fault", action="append", default=[], metavar="FAULT", help=told)
    parser.add_argument("--script", type=Path, metavar="FILE", help="faults from a file, one a line; # begins a remark")
    options = parser.parse_args()
    written = [*options.fault, *(options.script.read_text().splitlines() if options.script else [])]
    faults = [read_fault(line) for each in written if (line := each.partition("#")[0].strip())]
    with tempfile.TemporaryDirectory() as folder:
        context = self_signed(Path(folder))[0] if options.tls else None
        with Sink(port=options.port, tls=context, tell=lambda line: print(line, flush=True)) as sink:
            sink.script(*faults)
            print(f"Listening on 127.0.0.1:{sink.port}; phases: {', '.join(PHASES)}", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                threading.Event().wait()


if __name__ == "__main__":
    main()
