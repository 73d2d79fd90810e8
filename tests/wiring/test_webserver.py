"""The web server's end: who stands at the door is served, who comes later is told at once that it is shut."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from lunarpartners.bootstrap import ROOT
from lunarpartners.supervisor import any_port

SLOW_SITE = """
import time
def application(environ, start_response):
    time.sleep(1.5)
    start_response("200 OK", [("Content-Length", "4")])
    return [b"done"]
"""
FORM = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nform"


@pytest.fixture
def server(tmp_path):
    """Gunicorn with our settings and a page that takes its time: one worker, one thread."""
    (tmp_path / "slow.py").write_text(SLOW_SITE)
    port = any_port()
    given = os.environ | {"PORT": str(port), "WEB_WORKERS": "1", "WEB_THREADS": "1", "PYTHONPATH": f"{ROOT}:{tmp_path}"}
    command = [sys.executable, "-m", "gunicorn", "-c", "python:lunarpartners.webserver", "slow"]
    process = subprocess.Popen(command, cwd=tmp_path, env=given)
    end = time.monotonic() + 20
    while True:
        try:
            ask(port, b"").close()
            break
        except ConnectionRefusedError:
            assert time.monotonic() < end
            time.sleep(0.05)
    yield process, port
    if process.poll() is None:
        process.kill()
    process.wait()


def ask(port, request=FORM):
    line = socket.create_connection(("127.0.0.1", port), timeout=10)
    line.sendall(request)
    return line


def answer(line):
    with line, line.makefile("rb") as said:
        return said.read()


def test_server_asked_to_stop_answers_whom_it_has_and_shuts_the_door(server):
    process, port = server
    served, queued = ask(port), ask(port)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.4)
    with pytest.raises(ConnectionRefusedError):
        ask(port)
    assert answer(served).endswith(b"done")
    assert answer(queued).endswith(b"done")
    assert process.wait(10) == 0
