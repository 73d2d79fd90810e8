#!/bin/sh
# Writes one folder with the database, the uploaded files and their checksums: backup.sh FOLDER
# Needs BACKUP_DATABASE_URL or MIGRATION_DATABASE_URL (a role that may read everything) and MEDIA_ROOT.
set -eu
. "$(dirname "$0")/postgres.sh"
[ $# -eq 1 ] || { echo "usage: backup.sh FOLDER" >&2; exit 2; }
: "${MEDIA_ROOT:?set MEDIA_ROOT to the folder of uploaded files}"
umask 077
moment=$(date -u +%Y%m%dT%H%M%SZ)
mkdir -p "$1" "$MEDIA_ROOT"
part="$1/$moment.part"
mkdir "$part"
trap 'rm -rf "$part"' EXIT
# The database first: a file is written before the row that names it, so every row finds its file.
"${PG_BIN}pg_dump" --format=custom --file="$part/database.dump" "$url"
tar -C "$MEDIA_ROOT" -czf "$part/media.tar.gz" .
(cd "$part" && $sha256 database.dump media.tar.gz > SHA256SUMS)
mv "$part" "$1/$moment"
trap - EXIT
echo "$1/$moment"
