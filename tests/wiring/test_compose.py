"""docker-compose.yml and what it starts from: pinned, health-checked, documented, and in step with the rest."""

import re
import subprocess
import sys

import pytest
import yaml

from lunarpartners.bootstrap import ROOT
from lunarpartners.embedded import INITDB, find_binaries

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
ONE_SHOT = {"init", "migrate", "backup"}
DOCUMENTED = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+(\.\d+)?(-\w+)?")


def test_services_are_the_ones_production_needs():
    assert set(SERVICES) == {
        "proxy", "init", "migrate", "web", "worker", "beat", "db", "redis", "mail", "clamav", "backup",
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_image_is_pinned_or_ours(name):
    image = SERVICES[name]["image"]
    assert image == "lunarpartners:${LUNARPARTNERS_VERSION:-local}" or PINNED.fullmatch(image)


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONE_SHOT))
def test_lasting_service_has_health_check_and_restarts(name):
    service = SERVICES[name]
    assert (bool(service["healthcheck"]["test"]), service["restart"]) == (True, "unless-stopped")


@pytest.mark.parametrize("name", sorted(ONE_SHOT))
def test_one_shot_is_not_restarted(name):
    assert SERVICES[name]["restart"] == "no"


def test_only_the_proxy_publishes_ports():
    assert [name for name, service in SERVICES.items() if service.get("ports")] == ["proxy"]


def test_caught_mail_is_published_on_loopback_only():
    assert [port for port in SERVICES["proxy"]["ports"] if port.endswith(":8025")] == ["127.0.0.1:${MAIL_PAGE_PORT:-8025}:8025"]


@pytest.mark.parametrize(
    "name", sorted(name for name, service in SERVICES.items() if service["image"].startswith("lunarpartners:"))
)
def test_our_containers_are_read_only_without_rights(name):
    service = SERVICES[name]
    assert (service["read_only"], service["cap_drop"], service["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"])


def test_only_migrate_and_the_database_side_reach_the_owners_secrets():
    holders = {
        name for name, service in SERVICES.items() if any("owner-secrets" in volume for volume in service.get("volumes", []))
    }
    assert holders == {"init", "migrate", "db", "backup"}


def test_database_and_broker_are_on_the_inner_network_only():
    assert (COMPOSE["networks"]["back"]["internal"], SERVICES["db"]["networks"], SERVICES["redis"]["networks"]) == (
        True,
        ["back"],
        ["back"],
    )


def test_every_variable_of_compose_is_documented():
    used = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert used - DOCUMENTED == set()


def test_every_variable_of_the_settings_is_documented():
    text = (ROOT / "lunarpartners/settings.py").read_text() + (ROOT / "lunarpartners/webserver.py").read_text()
    used = set(re.findall(r'(?:env\.\w+|os\.environ\.get)\(\s*"([A-Z_]+)"', text))
    assert (len(used) > 20, used - DOCUMENTED) == (True, set())


def test_every_documented_variable_is_read_somewhere():
    files = [*ROOT.glob("lunarpartners/*.py"), *ROOT.glob("deploy/*"), ROOT / "docker-compose.yml", ROOT / "Dockerfile"]
    text = "\n".join(path.read_text() for path in files if path.is_file())
    assert {name for name in DOCUMENTED if not re.search(rf"\b{name}\b", text)} == set()


@pytest.mark.parametrize("name", ["web", "worker", "beat", "migrate"])
def test_every_setting_of_mail_reaches_our_containers(name):
    text = (ROOT / "lunarpartners/settings.py").read_text()
    wanted = set(re.findall(r'env\.\w+\("((?:EMAIL|OUTBOX|BOUNCE|DEFAULT_FROM|MESSAGE_ID)_[A-Z_]+)"', text))
    assert (len(wanted) >= 10, wanted - set(SERVICES[name]["environment"]) - {"EMAIL_URL"}) == (True, set())


def test_trial_needs_no_variable():
    """Every ${NAME} has a default, so `docker compose up` alone is complete."""
    assert re.findall(r"\$\{[A-Z_]+\}", (ROOT / "docker-compose.yml").read_text()) == []


def test_no_service_waits_for_one_behind_a_profile():
    hidden = {name for name, service in SERVICES.items() if service.get("profiles")}
    waits = {other for name, service in SERVICES.items() for other in service.get("depends_on", {})}
    assert (hidden, hidden & waits) == ({"clamav", "backup"}, set())


def test_database_is_of_the_embedded_major_version():
    told = subprocess.run([find_binaries() / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    assert re.search(r"postgres:(\d+)", SERVICES["db"]["image"]).group(1) == told.split()[2].split(".")[0]


def test_database_is_made_like_the_embedded_one():
    arguments = SERVICES["db"]["environment"]["POSTGRES_INITDB_ARGS"].split()
    assert [argument for argument in INITDB if argument not in arguments] == []


def test_backup_has_the_databases_own_programs():
    assert SERVICES["backup"]["image"] == SERVICES["db"]["image"]


def test_image_has_the_python_the_pins_are_made_for():
    versions = set(re.findall(r"^FROM python:(\d+\.\d+)\.\d+-slim-\w+", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    wanted = re.search(r'requires-python = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text()).group(1)
    assert versions == {wanted}


def test_image_runs_as_nobody_in_particular_and_checks_itself():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert ("USER 10001:10001" in lines, any(line.startswith("HEALTHCHECK") for line in lines)) == (True, True)


def test_broker_server_and_client_agree():
    client = re.search(r"^redis==(\d+)", (ROOT / "requirements/base.txt").read_text(), re.MULTILINE).group(1)
    assert re.search(r"redis:(\d+)", SERVICES["redis"]["image"]).group(1) == client


def test_every_mounted_file_is_there():
    sources = {
        volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", []) if volume.startswith("./")
    } - {"./backups"}
    assert {source for source in sources if not (ROOT / source).exists()} == set()


def test_compose_is_valid():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "ok -- validation done")
