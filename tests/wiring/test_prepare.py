"""The first job of compose: a whole trial, a whole production, and nothing in between."""

import importlib.util
import os
import subprocess

import pytest

from lunarpartners.bootstrap import ROOT

SPEC = importlib.util.spec_from_file_location("prepare", ROOT / "deploy" / "prepare.py")
prepare = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(prepare)

PRODUCTION = {
    "SITE_HOST": "partners.example.org",
    "SECRET_KEY": "k" * 60,
    "EMAIL_URL": "smtp+tls://mail.example.org:587",
    "SECRETARIAT_EMAIL": "ce8@example.org",
    "POSTGRES_PASSWORD": "p/w@1",
    "LP_OWNER_PASSWORD": "o",
    "LP_APP_PASSWORD": "a",
}


def test_nothing_given_is_a_trial(tmp_path):
    assert prepare.gather({}, tmp_path) == {}


def test_all_given_is_production(tmp_path):
    assert prepare.gather(PRODUCTION | {"OTHER": "x"}, tmp_path) == PRODUCTION


@pytest.mark.parametrize("name", sorted(PRODUCTION))
def test_half_given_is_refused_and_names_the_missing(name, tmp_path):
    with pytest.raises(prepare.IncompleteError) as refusal:
        prepare.gather({key: value for key, value in PRODUCTION.items() if key != name}, tmp_path)
    assert [line.split(":")[0].strip() for line in str(refusal.value).splitlines()[1:]] == [name]


def test_a_file_stands_for_its_variable(tmp_path):
    (tmp_path / "SECRET_KEY").write_text(PRODUCTION["SECRET_KEY"] + "\n")
    given = {key: value for key, value in PRODUCTION.items() if key != "SECRET_KEY"}
    assert prepare.gather(given, tmp_path) == PRODUCTION


def test_trial_makes_long_secrets_once(tmp_path):
    first = prepare.trial(tmp_path)
    made = [first[name] for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "LP_OWNER_PASSWORD", "LP_APP_PASSWORD")]
    assert (prepare.trial(tmp_path), len(set(made)), min(map(len, made)) >= 50) == (first, 4, True)
    assert (first["SITE_HOST"], first["EMAIL_URL"]) == ("localhost", "smtp://mail:1025")


def test_files_hold_what_settings_read():
    files = {f"{path.parent.name}/{path.name}": text for path, text in prepare.files(PRODUCTION, "443", is_trial=False).items()}
    assert files == {
        "site/SECRET_KEY": "k" * 60,
        "site/EMAIL_URL": "smtp+tls://mail.example.org:587",
        "site/SECRETARIAT_EMAIL": "ce8@example.org",
        "site/MESSAGE_ID_DOMAIN": "partners.example.org",
        "site/SITE_IS_DEMONSTRATION": "false",
        "site/SECURE_HSTS_SECONDS": "31536000",
        "site/SITE_URL": "https://partners.example.org",
        "site/ALLOWED_HOSTS": "partners.example.org,localhost",
        "site/DATABASE_URL": "postgresql://lp_app:a@db:5432/lunarpartners",
        "owner/MIGRATION_DATABASE_URL": "postgresql://lp_owner:o@db:5432/lunarpartners",
        "owner/BACKUP_DATABASE_URL": "postgresql://postgres:p%2Fw%401@db:5432/lunarpartners",
        "owner/POSTGRES_PASSWORD": "p/w@1",
        "owner/LP_OWNER_PASSWORD": "o",
        "owner/LP_APP_PASSWORD": "a",
    }


def test_trial_on_another_port_says_so_and_leaves_https_no_memory(tmp_path):
    files = {path.name: text for path, text in prepare.files(prepare.trial(tmp_path), "8443", is_trial=True).items()}
    assert (files["SITE_URL"], files["SECURE_HSTS_SECONDS"], files["SITE_IS_DEMONSTRATION"]) == (
        "https://localhost:8443",
        "0",
        "true",
    )


def test_entrypoint_hands_over_files_and_keeps_what_is_set(tmp_path):
    script = (ROOT / "deploy" / "entrypoint.sh").read_text().replace("/run/site", str(tmp_path)).replace("/run/owner", "/nowhere")
    (tmp_path / "EMAIL_URL").write_text("smtp://user:it's $HOME `x`@h")
    (tmp_path / "SECRET_KEY").write_text("from the file")
    done = subprocess.run(
        ["/bin/sh", "-c", script, "sh", "/bin/sh", "-c", 'printf "%s|%s" "$EMAIL_URL" "$SECRET_KEY"'],
        env={"PATH": os.environ["PATH"], "SECRET_KEY": "set"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("smtp://user:it's $HOME `x`@h|set", "")
