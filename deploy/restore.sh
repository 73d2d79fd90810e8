#!/bin/sh
# Puts a backup back: restore.sh BACKUP [--force]. Stop web, worker and beat first.
# A target that holds anything is refused; with --force it is replaced.
set -eu
. "$(dirname "$0")/postgres.sh"
backup=${1:-}
force=${2:-}
[ -d "$backup" ] && { [ -z "$force" ] || [ "$force" = --force ]; } || { echo "usage: restore.sh BACKUP [--force]" >&2; exit 2; }
: "${MEDIA_ROOT:?set MEDIA_ROOT to the folder of uploaded files}"
(cd "$backup" && $sha256 --check --quiet SHA256SUMS) || { echo "The backup is damaged: nothing was changed." >&2; exit 1; }
sql() { PGOPTIONS="-c client_min_messages=warning" "${PG_BIN}psql" -X -q -At -v ON_ERROR_STOP=1 -d "$url" "$@"; }
tables=$(sql -c "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
mkdir -p "$MEDIA_ROOT"
files=$(ls -A "$MEDIA_ROOT")
if [ "$force" != --force ] && { [ "$tables" -gt 0 ] || [ -n "$files" ]; }; then
    echo "The target holds $tables tables${files:+ and files}: nothing was changed. Add --force to replace them." >&2
    exit 1
fi
# One transaction: either the whole backup is there, or what was there before still is.
{
    echo "BEGIN; DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public AUTHORIZATION lp_owner;"
    echo "GRANT USAGE ON SCHEMA public TO lp_partner, lp_reviewer, lp_staff;"
    "${PG_BIN}pg_restore" --file=- --exit-on-error "$backup/database.dump" || echo "SELECT 'the dump could not be read'::int;"
    echo "COMMIT;"
} | sql -f - > /dev/null
find "$MEDIA_ROOT" -mindepth 1 -delete
tar -C "$MEDIA_ROOT" -xpzf "$backup/media.tar.gz"
tables=$(sql -c "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
echo "Restored $tables tables and $(find "$MEDIA_ROOT" -type f | wc -l | tr -d ' ') files from $backup"
