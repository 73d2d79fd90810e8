"""Queries compiled once: each run's own values, fresh rows, the connection of whoever asks."""

import threading

import pytest
from django.db import connection, models

from proposals.partners.gateways import Compiled, Given, unrestricted
from proposals.partners.models import Membership, User
from tests.factories import make_member, make_organisation, make_user

EMAIL = Given("email", models.EmailField())


@pytest.mark.django_db
def test_a_compiled_query_answers_each_run_with_its_own_rows(django_assert_num_queries):
    built = []
    by_email = Compiled(lambda: built.append(1) or User.objects.filter(email=EMAIL, is_active=True))
    one, other = make_user(full_name="One"), make_user(full_name="Other")
    found = [by_email(email=email) for email in (one.email, other.email, "nobody@example.org")]
    assert found == [[one], [other], []]
    User.objects.filter(pk=one.pk).update(full_name="One More")
    with django_assert_num_queries(1):
        assert by_email(email=one.email)[0].full_name == "One More"
    assert len(built) == 1


@pytest.mark.django_db
def test_a_compiled_query_follows_relations_and_gives_plain_values(django_assert_num_queries):
    member = make_member(make_user(), make_organisation(name="Institute", aliases=["I", "II"]))
    joined = Compiled(lambda: Membership.objects.filter(user__email=EMAIL).select_related("organisation"))
    names = Compiled(lambda: Membership.objects.filter(user__email=EMAIL).values_list("organisation__name", "role"))
    with django_assert_num_queries(2):
        assert joined(email=member.user.email)[0].organisation.aliases == ["I", "II"]
        assert names(email=member.user.email) == [("Institute", "representative")]


@pytest.mark.django_db
def test_a_compiled_query_needs_each_value():
    by_email = Compiled(lambda: User.objects.filter(email=EMAIL))
    with pytest.raises(KeyError):
        by_email()


@pytest.mark.django_db(transaction=True)
def test_a_compiled_query_runs_on_the_connection_of_its_thread():
    backends = Compiled(
        lambda: User.objects.filter(email=EMAIL).values_list(
            models.Func(function="pg_backend_pid", output_field=models.IntegerField()), flat=True
        )
    )
    user, seen = make_user(), []

    def ask():
        seen.extend(backends(email=user.email))
        connection.close()

    ask()
    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert len(set(seen)) == 2


@pytest.mark.django_db
def test_unrestricted_steps_back_to_the_role_before(django_assert_num_queries):
    def role():
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('role')")
            return cursor.fetchone()[0]

    before = role()
    with django_assert_num_queries(3), unrestricted():
        assert role() == "lp_staff"
    assert role() == before
