"""A team reads the rows of Access of its own people, not who judges its proposal or is barred from it."""

from django.db import migrations

MINE = "ANY (ARRAY(SELECT lp_my_proposals()))"
ME = "NULLIF(current_setting('app.user_id', true), '')::bigint"
WAS = f"user_id = {ME} OR proposal_id = {MINE}"
OF_ITS_OWN = f"user_id = {ME} OR (proposal_id = {MINE} AND why NOT LIKE 'assignment:%' AND why NOT LIKE 'conflict:%')"


def policy(rule: str) -> str:
    """The partners' policy with another rule, in one step."""
    return f"ALTER POLICY partner ON proposals_access TO lp_partner USING ({rule}) WITH CHECK ({rule});"


class Migration(migrations.Migration):
    """One policy; no row is touched."""

    dependencies = [("proposals", "0020_assessment_unsent")]
    operations = [migrations.RunSQL(policy(OF_ITS_OWN), policy(WAS))]
