#!/bin/sh
# Run once by the postgres image on an empty volume: roles and database, then the roles' passwords.
set -eu
psql -X -U postgres -d postgres -q -f /deploy/roles.sql
LP_OWNER_PASSWORD=$(cat /run/owner/LP_OWNER_PASSWORD)
LP_APP_PASSWORD=$(cat /run/owner/LP_APP_PASSWORD)
export LP_OWNER_PASSWORD LP_APP_PASSWORD
psql -X -U postgres -d postgres -q -v ON_ERROR_STOP=1 <<'SQL'
\getenv owner LP_OWNER_PASSWORD
\getenv app LP_APP_PASSWORD
ALTER ROLE lp_owner PASSWORD :'owner';
ALTER ROLE lp_app PASSWORD :'app';
SQL
