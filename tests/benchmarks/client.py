"""A small browser: one connection kept open, cookies, redirects, the hidden fields of a page; each answer is timed."""

import html
import http.client
import re
import time
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

HOST = "bench.example"
ORIGIN = f"https://{HOST}"
PATIENCE_S = 30
FORM_TYPE = "application/x-www-form-urlencoded"
INPUT = re.compile(rb"<input\b[^>]*>")
ATTRIBUTE = re.compile(rb'\b(name|value|type)="([^"]*)"')


class Broken(Exception):
    """The site answered what it must not; the run fails."""


@dataclass
class Answer:
    """One answer, with what it cost: seconds as the client saw it, statements and their milliseconds as the server did."""

    step: str
    path: str
    status: int
    location: str
    body: bytes
    seconds: float
    statements: int
    sql_ms: float

    def hidden(self) -> dict[str, str]:
        """The hidden fields of the page, as a browser would send them back."""
        found = {}
        for tag in INPUT.findall(self.body):
            has = {name.decode(): html.unescape(value.decode()) for name, value in ATTRIBUTE.findall(tag)}
            if has.get("type") == "hidden" and "name" in has:
                found[has["name"]] = has.get("value", "")
        return found

    def names(self, pattern: str) -> list[str]:
        """The field names on the page that match, each once, in order."""
        return list(dict.fromkeys(re.findall(rf'\bname="({pattern})"', self.body.decode())))

    def find(self, pattern: str) -> str:
        """The first group of the pattern in the page. Raises Broken."""
        found = re.search(pattern, self.body.decode(), re.DOTALL)
        if not found:
            raise Broken(f"{self.step}: {pattern!r} is not on {self.path}")
        return html.unescape(found.group(1))


class Browser:
    """One person's session. `address` is where it calls from: rate limits go by it, so each person has their own."""

    def __init__(self, port: int, *, address: str = "127.0.0.1") -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S, source_address=(address, 0))
        self.cookies: dict[str, str] = {}
        self.journal: list[Answer] = []

    def get(self, path: str, step: str = "", *, follow: bool = True) -> Answer:
        """Fetch a page, following redirects."""
        answer = self._ask("GET", path, step or path)
        return self._followed(answer) if follow else answer

    def post(self, path: str, data: dict[str, object], step: str = "", *, follow: bool = True) -> Answer:
        """Send a form, following redirects."""
        answer = self._ask("POST", path, step or path, urlencode(data, doseq=True))
        return self._followed(answer) if follow else answer

    def send(self, page: Answer, data: dict[str, object], step: str, *, path: str = "") -> Answer:
        """Fill in and send the form of a page; it must redirect, and the page it leads to is the answer."""
        answer = self.post(path or page.path, {**page.hidden(), **data}, step, follow=False)
        if not answer.location:
            raise Broken(f"{step}: {answer.path} came back: {complaints(answer)}")
        return self._followed(answer)

    def close(self) -> None:
        """Hang up."""
        self.connection.close()

    def _followed(self, answer: Answer) -> Answer:
        for _ in range(5):
            if not answer.location:
                return answer
            answer = self._ask("GET", answer.location, f"{answer.step} >")
        raise Broken(f"{answer.step}: redirected without end at {answer.path}")

    def _ask(self, method: str, path: str, step: str, body: str | None = None) -> Answer:
        headers = {"Host": HOST, "X-Forwarded-Proto": "https", "Accept-Encoding": "gzip", "Accept-Language": "en"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            headers |= {"Content-Type": FORM_TYPE, "Origin": ORIGIN, "Referer": ORIGIN + path}
        began = time.perf_counter()
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            if body is not None:
                raise
            self.connection.close()  # the server ends idle connections; a GET may be asked again
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        content = response.read()
        seconds = time.perf_counter() - began
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        statements, _, sql_ms = (response.headers.get("X-SQL") or "0 0").partition(" ")
        location = response.headers.get("Location") or ""
        parts = urlsplit(location)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        answer = Answer(step, path, response.status, target, content, seconds, int(statements), float(sql_ms))
        self.journal.append(answer)
        if not 200 <= response.status < 400:
            raise Broken(f"{step}: {method} {path} answered {response.status}: {complaints(answer)}")
        return answer


def complaints(answer: Answer) -> str:
    """What a page says is wrong, or its title."""
    text = answer.body.decode(errors="replace")
    marked = r"<(?:li|p|div|span|a)[^>]*(?:error|invalid|alert)[^>]*>(.*?)</(?:li|p|div|span|a)>"
    found = re.findall(marked, text, re.DOTALL) or re.findall(r"<title>(.*?)</title>", text, re.DOTALL)
    plain = (" ".join(re.sub(r"<[^>]+>", " ", each).split()) for each in found)
    return " | ".join(filter(None, plain))[:600]
