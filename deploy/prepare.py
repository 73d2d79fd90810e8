"""The first job of `docker compose up`: puts every secret where the services read it, or says what is missing; stdlib only.

Nothing given: a trial on https://localhost, with secrets made here and kept in the volumes, and mail caught locally.
Anything given: production, and then everything must be given, so that no half-made set-up runs with a made-up part.
"""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from urllib.parse import quote

GIVEN = Path("/run/given")  # deploy/secrets: a file named like the variable stands for it
SITE = Path("/run/site")
OWNER = Path("/run/owner")
WAL = Path("/wal")
POSTGRES_UID = 999  # the user of the official image
NEEDED = {
    "SITE_HOST": "the public host name, such as partners.example.org",
    "SECRET_KEY": "50 random characters or more",
    "EMAIL_URL": "the mail relay, such as smtp+tls://user:password@mail.example.org:587",
    "SECRETARIAT_EMAIL": "the secretariat's address, which every mail comes from",
    "POSTGRES_PASSWORD": "a long random password for the database's superuser",
    "LP_OWNER_PASSWORD": "another, for the role that migrates",
    "LP_APP_PASSWORD": "another, for the role that the site logs in as",
}
TRIAL = {"SITE_HOST": "localhost", "EMAIL_URL": "smtp://mail:1025", "SECRETARIAT_EMAIL": "secretariat@lunar-partners.example"}


class IncompleteError(Exception):
    """Some of the production values are given and some are not."""


def gather(environment: dict[str, str], given: Path) -> dict[str, str]:
    """What was given, from the environment first and from files second; empty when this is a trial.

    Raises IncompleteError naming each missing value.
    """
    found = {}
    for name in NEEDED:
        file = given / name
        value = environment.get(name, "") or (file.read_text().strip() if file.is_file() else "")
        if value:
            found[name] = value
    if found and (missing := [f"  {name}: {why}" for name, why in NEEDED.items() if name not in found]):
        raise IncompleteError("Production needs these too, in .env or as files in deploy/secrets:\n" + "\n".join(missing))
    return found


def trial(kept: Path) -> dict[str, str]:
    """Values for a trial; those made by an earlier one are kept, since the database knows them."""
    values = dict(TRIAL)
    for name in NEEDED:
        file = kept / f".trial-{name}"
        if name not in values:
            values[name] = file.read_text() if file.exists() else secrets.token_urlsafe(48)
            write(file, values[name])
    return values


def files(values: dict[str, str], port: str, *, is_trial: bool) -> dict[Path, str]:
    """Every file the services read, by its path. The site's folder holds nothing of the owner's."""
    port = "" if port == "443" else f":{port}"
    host = values["SITE_HOST"]

    def url(role: str, password: str) -> str:
        return f"postgresql://{role}:{quote(values[password], safe='')}@db:5432/lunarpartners"

    return {
        SITE / "SECRET_KEY": values["SECRET_KEY"],
        SITE / "EMAIL_URL": values["EMAIL_URL"],
        SITE / "SECRETARIAT_EMAIL": values["SECRETARIAT_EMAIL"],
        SITE / "MESSAGE_ID_DOMAIN": host,
        SITE / "SITE_IS_DEMONSTRATION": "true" if is_trial else "false",
        # a browser must not remember that localhost is https for ever
        SITE / "SECURE_HSTS_SECONDS": "0" if is_trial else "31536000",
        SITE / "SITE_URL": f"https://{host}{port}",
        SITE / "ALLOWED_HOSTS": f"{host},localhost",  # localhost: the container's own health check
        SITE / "DATABASE_URL": url("lp_app", "LP_APP_PASSWORD"),
        OWNER / "MIGRATION_DATABASE_URL": url("lp_owner", "LP_OWNER_PASSWORD"),
        OWNER / "BACKUP_DATABASE_URL": url("postgres", "POSTGRES_PASSWORD"),
        OWNER / "POSTGRES_PASSWORD": values["POSTGRES_PASSWORD"],
        OWNER / "LP_OWNER_PASSWORD": values["LP_OWNER_PASSWORD"],
        OWNER / "LP_APP_PASSWORD": values["LP_APP_PASSWORD"],
    }


def write(path: Path, text: str) -> None:
    """Write a file that the services of the volume may read: none but they can reach the volume."""
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(0o444)


def main() -> int:
    """Prepare the volumes; gives the exit status."""
    try:
        values = gather(dict(os.environ), GIVEN)
    except IncompleteError as error:
        print(error, file=sys.stderr)
        return 1
    is_trial = not values
    port = os.environ.get("HTTPS_PORT") or "443"
    for path, text in files(values or trial(OWNER), port, is_trial=is_trial).items():
        write(path, text)
    os.chown(WAL, POSTGRES_UID, POSTGRES_UID)
    address = (SITE / "SITE_URL").read_text()
    mail = f"; every mail is caught at http://localhost:{os.environ.get('MAIL_PAGE_PORT') or '8025'}/" if is_trial else ""
    print(f"{'Trial' if is_trial else 'Production'}: {address}/{mail}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
