"""What a machine that cannot hold the set-up is told, and when `.venv` counts as ready."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lunarpartners import bootstrap
from tests.running import clean_environment


@pytest.mark.parametrize(
    ("system", "machine"), [("Linux", "x86_64"), ("Linux", "aarch64"), ("Darwin", "arm64"), ("Darwin", "x86_64")]
)
def test_complain_accepts_platform(system, machine):
    assert bootstrap.complain(system, machine, "glibc" if system == "Linux" else "") is None


@pytest.mark.parametrize(
    ("system", "machine"), [("Windows", "AMD64"), ("Linux", "riscv64"), ("FreeBSD", "amd64"), ("Linux", "i686")]
)
def test_complain_names_unsupported_platform(system, machine):
    assert bootstrap.complain(system, machine, "glibc") == (
        f"This is {system} on {machine}; the embedded database exists for Linux on x86_64 or aarch64, and macOS: "
        "use `docker compose up` here."
    )


def test_complain_names_musl():
    assert bootstrap.complain("Linux", "x86_64", "") == (
        "This Linux has no glibc (Alpine?); the pinned wheels need it: use `docker compose up` here."
    )


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_complain_names_missing_module(module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)  # as on a Debian without python3-venv
    assert bootstrap.complain("Linux", "x86_64", "glibc") == (
        f"Python's {module} module is missing: install it with `apt-get install python3-venv`, then start again."
    )


def test_manage_refuses_old_python():
    code = "import sys, runpy; sys.version_info = (3, 9, 2, 'final', 0); runpy.run_path('manage.py', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], cwd=bootstrap.ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "Lunar Partners needs Python 3.11 or newer; this is 3.9: run `python3.11 manage.py ...`\n",
    )


def test_fingerprint_changes_with_requirements(monkeypatch, tmp_path):
    before = bootstrap.fingerprint()
    other = tmp_path / "dev.txt"
    other.write_bytes(bootstrap.REQUIREMENTS.read_bytes() + b"one-more==1.0\n")
    monkeypatch.setattr(bootstrap, "REQUIREMENTS", other)
    assert bootstrap.fingerprint() != before


def test_fingerprint_changes_with_folder(monkeypatch, tmp_path):
    before = bootstrap.fingerprint()
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    assert bootstrap.fingerprint() != before


def copy_of_the_start(folder: Path, requirement: str) -> Path:
    """manage.py and the wiring in another folder, asking for one package."""
    shutil.copytree(bootstrap.ROOT / "lunarpartners", folder / "lunarpartners")
    shutil.copy(bootstrap.ROOT / "manage.py", folder)
    (folder / "requirements").mkdir()
    (folder / "requirements" / "dev.txt").write_text(requirement)
    return folder


def test_failed_install_gives_one_line_and_leaves_no_stamp(tmp_path):
    folder = copy_of_the_start(tmp_path / "with a space", f"nothing-of-this-name==1.0 --hash=sha256:{'0' * 64}\n")
    done = subprocess.run(
        [sys.executable, "manage.py", "up"], cwd=folder, env=clean_environment(PIP_NO_INDEX="1"),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    last = done.stderr.splitlines()[-1]
    assert (done.returncode, last) == (
        1,
        "The packages could not be installed (status 1); the lines above say why. Nothing was started.",
    )
    assert not (folder / ".venv" / ".stamp").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not write here")
def test_folder_of_somebody_else_gives_one_line(tmp_path):
    folder = copy_of_the_start(Path("/var/tmp") / f"lp-{os.getpid()}", "")
    try:
        done = subprocess.run(
            ["/usr/bin/env", "python3", "manage.py", "up"], cwd=folder, env={"PATH": "/usr/bin:/bin"},
            capture_output=True, text=True, check=False, user="nobody",
        )  # fmt: skip
    finally:
        shutil.rmtree(folder)
    assert (done.returncode, done.stderr) == (
        1,
        f"{folder} cannot be written to: clone into a folder of your own, then start again.\n",
    )
