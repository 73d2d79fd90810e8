"""Row-level security for reviewers, a third role: they read what Access grants them, and their own work on it."""

from django.db import migrations

MINE = "ANY (ARRAY(SELECT lp_my_proposals()))"
ME = "NULLIF(current_setting('app.user_id', true), '')::bigint"

# Its membership goes to whoever is a member of the partners' role: the name that the site logs in with.
ROLE = """
DO $$
DECLARE member_name text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'lp_reviewer') THEN
        BEGIN
            CREATE ROLE lp_reviewer NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END IF;
    FOR member_name IN
        SELECT m.rolname FROM pg_auth_members a
        JOIN pg_roles r ON r.oid = a.roleid AND r.rolname = 'lp_partner'
        JOIN pg_roles m ON m.oid = a.member AND NOT m.rolsuper
        WHERE NOT EXISTS (
            SELECT FROM pg_auth_members b JOIN pg_roles n ON n.oid = b.roleid
            WHERE n.rolname = 'lp_reviewer' AND b.member = a.member)
    LOOP
        BEGIN
            EXECUTE format('GRANT lp_reviewer TO %I', member_name);
        EXCEPTION WHEN unique_violation THEN NULL;
        END;
    END LOOP;
END $$;
"""

# What a reviewer reads of a proposal that is granted to them; the talk with its team and staff's notes are not among it.
READ = ("proposal_aims", "module", "missionsheet", "participation", "teammember", "version", "move", "attachment",
        "endorsement", "answer", "section")  # fmt: skip
# What nobody but staff has anything to do with.
STAFF_ONLY = ("conflict", "pairing", "panel", "panelitem", "release")
# A reviewer's own rows of work, and what hangs on them.
OWN = {
    "expert": f"user_id = {ME}",
    "expertise": "expert_id IN (SELECT id FROM proposals_expert)",
    "bid": f"user_id = {ME}",
    "assignment": f"user_id = {ME} AND proposal_id = {MINE}",
    "assessment": "assignment_id IN (SELECT id FROM proposals_assignment)",
    "score": "assessment_id IN (SELECT id FROM proposals_assessment)",
    "finding": "assessment_id IN (SELECT id FROM proposals_assessment)",
    "frozenassessment": "assessment_id IN (SELECT id FROM proposals_assessment)",
    "post": f"proposal_id = {MINE}",
    "consensus": f"proposal_id = {MINE}",
}
# What a team reads of the answer to its proposal: nothing before the release.
ANSWERED = {
    "decision": f"released_at IS NOT NULL AND proposal_id = {MINE}",
    "condition": "decision_id IN (SELECT id FROM proposals_decision)",
    "letter": "decision_id IN (SELECT id FROM proposals_decision)",
    "merge": f"parent_id = {MINE} OR into_id = {MINE}",
    "agreement": f"proposal_id = {MINE}",
    "agreementitem": "agreement_id IN (SELECT id FROM proposals_agreement)",
    "announcement": f"proposal_id = {MINE}",
}
# What a team writes itself before it submits.
TEAMS = {"signature": f"proposal_id = {MINE}", "delegation": f"proposal_id = {MINE}"}
NEW = (*STAFF_ONLY, *OWN, *ANSWERED, *TEAMS)


def reads(table: str, role: str, rule: str) -> str:
    """A policy to read."""
    return f"CREATE POLICY {role} ON proposals_{table} FOR SELECT TO lp_{role} USING ({rule});"


FORWARD = [
    ROLE,
    *[
        f"ALTER TABLE proposals_{table} ENABLE ROW LEVEL SECURITY;"
        f"CREATE POLICY staff ON proposals_{table} TO lp_staff USING (true) WITH CHECK (true);"
        for table in NEW
    ],
    reads("proposal", "reviewer", f"id = {MINE}"),
    *[reads(table, "reviewer", f"proposal_id = {MINE}") for table in READ],
    reads("masselement", "reviewer", "module_id IN (SELECT id FROM proposals_module)"),
    reads("access", "reviewer", f"user_id = {ME}"),
    *[
        f"CREATE POLICY reviewer ON proposals_{table} TO lp_reviewer USING ({rule}) WITH CHECK ({rule});"
        for table, rule in OWN.items()
    ],
    *[reads(table, "partner", rule) for table, rule in ANSWERED.items()],
    *[
        f"CREATE POLICY partner ON proposals_{table} TO lp_partner USING ({rule}) WITH CHECK ({rule});"
        for table, rule in TEAMS.items()
    ],
]
BACKWARD = [
    *[f"DROP POLICY IF EXISTS reviewer ON proposals_{t};" for t in ("proposal", *READ, "masselement", "access", *OWN)],
    *[f"DROP POLICY IF EXISTS partner ON proposals_{t};" for t in (*ANSWERED, *TEAMS)],
    *[f"DROP POLICY staff ON proposals_{t}; ALTER TABLE proposals_{t} DISABLE ROW LEVEL SECURITY;" for t in NEW],
]


class Migration(migrations.Migration):
    """A role and its policies; no row is touched."""

    dependencies = [("proposals", "0017_statuses_valid")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
