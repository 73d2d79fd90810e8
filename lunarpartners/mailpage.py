"""The mail catcher's page: a list, each mail with its text and its HTML in a sandbox, and all of it as JSON; stdlib only."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

STRICT = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
# A mail is a stranger's text: no script, no request to anywhere; its links open in a new tab.
SANDBOX = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;padding:1rem;max-inline-size:60rem;color:#16202b;background:#fff}
h1{font-size:1.4rem} a{color:#0b4f8a} table{border-collapse:collapse;inline-size:100%}
td,th{text-align:start;padding:.5rem .5rem;border-block-end:1px solid #d5dce3;vertical-align:top;overflow-wrap:anywhere}
th{font-weight:600} pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f6f8;padding:1rem}
iframe{inline-size:100%;block-size:38rem;border:1px solid #d5dce3} time{white-space:nowrap;color:#4a5866}
@media(max-width:40rem){thead{display:none} td{display:block;border:0;padding-block:.1rem} tr{display:block;padding-block:.6rem;
border-block-end:1px solid #d5dce3}}
"""


@dataclass(frozen=True)
class Mail:
    """One caught mail, as tests and the page read it."""

    name: str
    at: str
    sender: str
    to: str
    subject: str
    message_id: str
    in_reply_to: str
    references: str
    headers: dict[str, str]
    text: str
    html: str


class Page(BaseHTTPRequestHandler):
    """Answers GET only; everything a mail says is escaped or shut in a sandbox."""

    folder = Path()

    @classmethod
    def over(cls, folder: Path) -> type[Page]:
        """The handler for the mails in `folder`."""
        return type("PageOver", (cls,), {"folder": folder})

    def do_GET(self) -> None:  # http.server's name
        """Route one request."""
        if not re.fullmatch(r"(127\.0\.0\.1|localhost)(:\d+)?", self.headers.get("Host", "")):
            self._send("This page answers on loopback only.", status=HTTPStatus.FORBIDDEN, kind="text/plain")
            return
        address = urlsplit(self.path)
        parts = [unquote(part) for part in address.path.strip("/").split("/")]
        found = self._find(parts[1]) if len(parts) > 1 and parts[0] == "mail" else None
        if parts == [""]:
            self._send(_list(read_all(self.folder)))
        elif parts == ["style.css"]:
            self._send(STYLE, kind="text/css")
        elif parts == ["messages.json"]:
            wanted = parse_qs(address.query).get("to", [""])[0].lower()
            mails = [asdict(mail) for mail in read_all(self.folder) if wanted in mail.to.lower()]
            self._send(json.dumps(mails, ensure_ascii=False), kind="application/json")
        elif found and len(parts) == 2:
            self._send(_one(found))
        elif found and parts[2:] == ["html"]:
            self._send('<base target="_blank">' + found.html, rules=SANDBOX)
        else:
            self._send("There is no such mail.", status=HTTPStatus.NOT_FOUND, kind="text/plain")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
        """Say nothing: the supervisor's output is for the site."""

    def _find(self, name: str) -> Mail | None:
        path = self.folder / f"{name}.eml"
        return read(path) if path.parent == self.folder and re.fullmatch(r"[\w.-]+", name) and path.exists() else None

    def _send(self, body: str, *, kind: str = "text/html", rules: str = STRICT, status: HTTPStatus = HTTPStatus.OK) -> None:
        content = body.encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", rules)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)


def read_all(folder: Path) -> list[Mail]:
    """Every caught mail, oldest first."""
    return [read(path) for path in sorted(folder.glob("*.eml"))]


def read(path: Path) -> Mail:
    """One mail from its file."""
    message = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(path.read_bytes())
    headers = {name: str(value) for name, value in message.items()}
    stamp = path.name[:15]
    return Mail(
        name=path.stem,
        at=f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}T{stamp[9:11]}:{stamp[11:13]}:{stamp[13:15]}Z",
        sender=headers.get("From", ""),
        to=headers.get("X-Envelope-To", headers.get("To", "")),
        subject=headers.get("Subject", ""),
        message_id=headers.get("Message-ID", ""),
        in_reply_to=headers.get("In-Reply-To", ""),
        references=headers.get("References", ""),
        headers=headers,
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    if body is None:
        return ""
    try:
        return str(body.get_content())
    except (LookupError, ValueError):  # a charset nobody knows
        return bytes(body.get_payload(decode=True) or b"").decode("utf-8", "replace")


def _list(mails: list[Mail]) -> str:
    rows = "".join(
        f"<tr><td><time>{escape(mail.at)}</time></td><td>{escape(mail.to)}</td>"
        f'<td><a href="/mail/{quote(mail.name)}">{escape(mail.subject) or "(no subject)"}</a></td></tr>'
        for mail in reversed(mails)
    )
    head = "<thead><tr><th>Caught (UTC)</th><th>To</th><th>Subject</th></tr></thead>"
    table = (
        f"<table>{head}<tbody>{rows}</tbody></table>"
        if mails
        else "<p>No mail yet. Reload this page after the site has sent one.</p>"
    )
    return _frame("Caught mail", f"<h1>Caught mail ({len(mails)})</h1>{table}")


def _one(mail: Mail) -> str:
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in mail.headers.items())
    html = f'<h2>HTML</h2><iframe title="The mail as HTML" src="/mail/{quote(mail.name)}/html"></iframe>' if mail.html else ""
    text = f"<h2>Text</h2><pre>{_with_links(mail.text)}</pre>" if mail.text else ""
    body = f'<p><a href="/">All mail</a></p><h1>{escape(mail.subject)}</h1>{text}{html}<h2>Headers</h2><table>{rows}</table>'
    return _frame(mail.subject, body)


def _with_links(text: str) -> str:
    """The text escaped, with its web addresses as links."""
    return re.sub(r"https?://[^\s<>&\"']+(?:&amp;[^\s<>&\"']+)*", r'<a href="\g<0>" rel="noreferrer">\g<0></a>', escape(text))


def _frame(title: str, body: str) -> str:
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return (
        f'<!doctype html><html lang="en"><head>{head}<link rel="stylesheet" href="/style.css"></head><body>{body}</body></html>'
    )
