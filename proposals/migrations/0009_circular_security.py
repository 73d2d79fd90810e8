"""Circulars and their mails are for staff alone, held by row-level security as well."""

from django.db import migrations

FORWARD = [
    f"ALTER TABLE proposals_{table} ENABLE ROW LEVEL SECURITY;"
    f"CREATE POLICY staff ON proposals_{table} TO lp_staff USING (true) WITH CHECK (true);"
    for table in ("circular", "circularmail")
]
BACKWARD = [
    f"DROP POLICY staff ON proposals_{table}; ALTER TABLE proposals_{table} DISABLE ROW LEVEL SECURITY;"
    for table in ("circular", "circularmail")
]


class Migration(migrations.Migration):
    """Two policies."""

    dependencies = [("proposals", "0008_message_indexes")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
