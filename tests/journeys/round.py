"""Sets the stage for the review's journey in a running site: a call of two phases, its people, and twelve submitted letters.

python -m tests.journeys.round; prints as JSON who wrote each letter, and who judges.
"""

import json
import os
from datetime import timedelta

import django


def main() -> None:
    """Through the verbs of the demonstration's story; everybody reads English and, if they take part, has its password."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lunarpartners.settings")
    django.setup()
    from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password
    from django.db import transaction
    from django.utils import timezone

    from proposals.calls.models import Phase
    from proposals.demo.people import PASSWORD
    from proposals.demo.story.calendar import Clock, Size
    from proposals.demo.story.filing import file_letters
    from proposals.demo.story.stage import set_stage
    from proposals.partners.models import User
    from proposals.review.models import Expert, ReviewPlan

    now = timezone.now()
    with transaction.atomic():
        stage = set_stage(Clock(now, "lois"), Size(letters=12, ineligible=0, experts=3, reviewers=2, assessors=1))
        User.objects.filter(email__endswith="example.org").update(language="en")
        letters = file_letters(stage)
        Phase.objects.filter(pk=stage.full.pk).update(opens_at=now - timedelta(hours=1), two_key=False)
        # its own undertaking, so that everyone has to accept one in the browser; one assessor takes all
        ReviewPlan.objects.filter(phase=stage.full).update(undertaking="I keep what I read here to myself (synthetic).")
        Expert.objects.update(max_load=12)
        judges = list(User.objects.filter(expert__isnull=False, email__endswith="example.org").order_by("pk"))
        people = [letter.created_by for letter in letters] + judges
        # who has a password keeps it: another one would sign out whoever is signed in
        silent = User.objects.filter(pk__in=[one.pk for one in people], password__startswith=UNUSABLE_PASSWORD_PREFIX)
        silent.update(password=make_password(PASSWORD))
    told = {
        "code": stage.call.code,
        "letters": [
            {"reference": one.reference, "pk": str(one.pk), "author": one.created_by.email, "title": one.title} for one in letters
        ],
        "judges": [judge.email for judge in judges],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
