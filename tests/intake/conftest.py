"""A complete letter of intent, and eyes of another role."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection

from proposals.calls.models import Topic
from proposals.intake.models import Module
from proposals.intake.states import PayloadClass, TeamRole
from tests.factories import NOW, make_call, make_module, make_proposal, make_user


def fill(proposal, *masses_kg):
    """All that the shipped letter of intent asks at unit level."""
    proposal.abstract, proposal.payload_class, proposal.trl = "What we do.", PayloadClass.GEOPHYSICS, 4
    proposal.export_origin, proposal.export_licence = "None", "Not needed"
    proposal.save()
    proposal.aims.add(Topic.objects.filter(call=proposal.call).first())
    proposal.team.create(full_name="Administrator", role=TeamRole.ADMINISTRATIVE, position=9)
    make_module(proposal, *(masses_kg or ("10.000",)))
    Module.objects.filter(proposal=proposal).update(
        power_average_w=5, power_peak_w=9, stowed_x_mm=100, stowed_y_mm=100, stowed_z_mm=100
    )
    return proposal


@pytest.fixture
def call():
    """Open from a month before to a month after the tests' noon, late ones for a day more."""
    call = make_call(code="CE9", opens_at=NOW - timedelta(days=30), closes_at=NOW + timedelta(days=30))
    call.phases.update(late_until=NOW + timedelta(days=31))
    return call


@pytest.fixture
def draft(call):
    """Ready to be submitted."""
    return fill(make_proposal(call=call, by=make_user(email="pi@example.org", full_name="Maria Principal"), at=NOW))


@contextmanager
def eyes_of(user, role="lp_partner"):
    """The database as this person's requests see it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('role', %s, false), set_config('app.user_id', %s, false)", [role, str(user.pk)])
    try:
        yield
    finally:
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('role', 'none', false), set_config('app.user_id', '', false)")
