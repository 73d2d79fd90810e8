"""Many synthetic proposals at once by SQL, for measuring: the triggers still hold every move."""

from datetime import datetime

from django.db import connection, transaction
from psycopg import ClientCursor

from proposals.calls.models import Call
from proposals.demo.people import login

STEPS = (
    # status wanted, of 20 rows those with these numbers, the way there
    ("submitted", "0,1,2,3,4,5", ("submitted",)),
    ("eligibility", "6,7,8,9", ("submitted", "eligibility")),
    ("under_review", "10,11,12,13,14", ("submitted", "under_review")),
    ("returned", "15", ("submitted", "returned")),
    ("clarification", "16", ("submitted", "clarification")),
    ("late", "17", ("late",)),
    ("withdrawn", "18", ("submitted", "withdrawn")),
)
WORDS = (
    "seismometer rover spectrometer magnetometer camera retroreflector drill dosimeter lidar radar relay antenna "
    "regolith exosphere volatiles ice plasma dust heatflow gravimeter"
)


@transaction.atomic
def seed_bulk(count: int, now: datetime) -> int:
    """This will add `count` proposals of one synthetic author to the demonstration round, in varied states."""
    call = Call.objects.get(code="CE8D")
    author = login("bulk@demo.example.org", password="", full_name="Author of measured rows (synthetic)")
    phase = call.phases.order_by("position")[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM proposals_proposal WHERE reference LIKE 'CE8D-B%%'")
        first = int(cursor.fetchone()[0])
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        rows = {"first": first, "last": first + count - 1, "call": call.pk, "phase": phase.pk}
        with ClientCursor(connection.connection) as script:  # several statements, which the server would not bind at once
            script.execute(_INSERT, rows | {"now": now, "words": WORDS, "author": author.email})
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or each step below would drag every waiting check of a key along
        for _wanted, numbers, way in STEPS:
            for step in way:
                cursor.execute(
                    f"UPDATE proposals_proposal SET status = %s, is_late = (%s = 'late') WHERE id IN "  # noqa: S608  # constants
                    f"(SELECT id FROM bulk WHERE n %% 20 IN ({numbers}))",
                    [step, step],
                )
        cursor.execute("ANALYZE proposals_proposal")
    return count


_INSERT = """
DROP TABLE IF EXISTS pg_temp.bulk;
CREATE TEMP TABLE bulk ON COMMIT DROP AS
SELECT n, gen_random_uuid() AS id, 'CE8D-B' || lpad(n::text, 7, '0') AS reference,
       (SELECT array_agg(w) FROM (SELECT w FROM unnest(string_to_array(%(words)s, ' ')) WITH ORDINALITY AS t(w, o)
         WHERE (o * 7 + n) %% 5 < 2) AS chosen) AS words
FROM generate_series(%(first)s, %(last)s) AS n;
INSERT INTO proposals_access (proposal_id, user_id, "grant", why, created_at)
SELECT id, u.pk, true, 'author', %(now)s FROM bulk, (SELECT id AS pk FROM proposals_user WHERE email = %(author)s) AS u;
INSERT INTO proposals_proposal (
    id, request_key, call_id, phase_id, reference, status, level, forms, lead_id, created_by_id, filed_by_staff, created_at,
    updated_at, submitted_at, moved_at, is_late, tags, revision, title, acronym, abstract, objectives, payload_class, keywords,
    heritage, critical_technology, model_philosophy, cost_currency, schedule, risks, export_origin,
    export_licence, planetary_category, data_policy_agreed, publication_plan, endorsement_later, mass_cbe_kg,
    mass_kg, largest_module_kg, is_over_cap, has_endorsement, countries, search)
WITH bodies AS (
    SELECT id AS pk, country, row_number() OVER (ORDER BY id) - 1 AS place FROM proposals_organisation WHERE is_synthetic)
SELECT b.id, gen_random_uuid(), %(call)s, %(phase)s, b.reference, 'draft',
    (ARRAY['unit','system','mission'])[1 + b.n %% 3],
    CASE WHEN b.n %% 3 = 2 THEN ARRAY['interaction'] ELSE ARRAY[]::varchar[] END,
    o.pk, u.pk, false, %(now)s, %(now)s, %(now)s::timestamptz - (b.n || ' seconds')::interval,
    %(now)s::timestamptz - (b.n || ' seconds')::interval, false, ARRAY[]::varchar[], 1,
    'Synthetic ' || array_to_string(b.words, ' '), '', 'Synthetic text for measuring.',
    '', '', '', '', '', '', '', '', '', '', '',
    '', false, '', false, 40 + b.n %% 50, 45 + b.n %% 60, 45 + b.n %% 60, b.n %% 60 > 55, b.n %% 4 = 0,
    array_remove(ARRAY[o.country], ''),
    array_to_tsvector(b.words || ARRAY['synthetic', lower(b.reference), lower(split_part(b.reference, '-', 2))])
FROM bulk AS b, (SELECT id AS pk FROM proposals_user WHERE email = %(author)s) AS u,
     bodies AS o WHERE o.place = b.n %% (SELECT count(*) FROM bodies);
"""
