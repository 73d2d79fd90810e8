"""The second lock: row-level security by the rows of Access, and the table of the shared cache."""

from django.db import migrations

BY_PROPOSAL = (
    "proposal_aims",
    "module",
    "missionsheet",
    "participation",
    "teammember",
    "version",
    "move",
    "attachment",
    "endorsement",
    "answer",
    "section",
    "clarification",
)
MINE = "ANY (ARRAY(SELECT lp_my_proposals()))"
ME = "NULLIF(current_setting('app.user_id', true), '')::bigint"

ROLES = """
DO $$
DECLARE role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['lp_partner', 'lp_staff'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
            END;
        END IF;
    END LOOP;
END $$;
"""

MY_PROPOSALS = f"""
CREATE FUNCTION lp_my_proposals() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT proposal_id FROM proposals_access WHERE user_id = {ME}
    GROUP BY proposal_id HAVING bool_and("grant")
$$;
"""


def policies(table: str, rule: str | None) -> str:
    """Row security on one table: staff see all of it, a partner what the rule says (None: nothing)."""
    sql = f"""
    ALTER TABLE proposals_{table} ENABLE ROW LEVEL SECURITY;
    CREATE POLICY staff ON proposals_{table} TO lp_staff USING (true) WITH CHECK (true);
    """
    if rule:
        sql += f"CREATE POLICY partner ON proposals_{table} TO lp_partner USING ({rule}) WITH CHECK ({rule});"
    return sql


FORWARD = [
    ROLES,
    MY_PROPOSALS,
    policies("proposal", f"id = {MINE}"),
    *[policies(table, f"proposal_id = {MINE}") for table in BY_PROPOSAL],
    policies("masselement", "module_id IN (SELECT id FROM proposals_module)"),
    policies("access", f"user_id = {ME} OR proposal_id = {MINE}"),
    policies("note", None),
    """
    CREATE TABLE proposals_cache (
        cache_key varchar(255) NOT NULL PRIMARY KEY,
        value text NOT NULL,
        expires timestamp with time zone NOT NULL
    );
    CREATE INDEX proposals_cache_expires ON proposals_cache (expires);
    """,
]
TABLES = ("proposal", *BY_PROPOSAL, "masselement", "access", "note")
BACKWARD = [
    "DROP TABLE proposals_cache;",
    *[
        f"DROP POLICY IF EXISTS partner ON proposals_{t}; DROP POLICY staff ON proposals_{t};"
        f"ALTER TABLE proposals_{t} DISABLE ROW LEVEL SECURITY;"
        for t in TABLES
    ],
    "DROP FUNCTION lp_my_proposals();",
]


class Migration(migrations.Migration):
    """Roles, policies and the cache table."""

    dependencies = [("proposals", "0001_house")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
