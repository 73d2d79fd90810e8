"""One's own account, through the doors: sign-up to second factor, preferences, and the pages about the service."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from proposals.audit.models import Event
from proposals.outbox.models import Message
from proposals.outbox.states import Kind, Priority
from proposals.partners.models import Notice, User
from proposals.portal.adapters import TOLD, WITH_LINK
from proposals.portal.forms.account import zones
from tests.factories import PASSWORD, make_staff, make_user

pytestmark = pytest.mark.django_db

NEW = {
    "full_name": "Samina Anjum",
    "native_name": "ثمینہ انجم",
    "email": "samina@space.example.org",
    "password1": PASSWORD,
    "language": "fr",
    "time_zone": "Asia/Karachi",
}


@pytest.fixture(autouse=True)
def _no_limits_left_over():
    cache.clear()


def link_in(message):
    """The path of the one link in a mail's text."""
    (found,) = set(re.findall(r"http://127\.0\.0\.1:8000(/account/\S+)", message.text))
    return found


def sign_up(client, **other):
    return client.post(reverse("account_signup"), {**NEW, **other})


def sign_in(client, user, password=PASSWORD):
    return client.post(reverse("account_login"), {"login": user.email, "password": password})


def say_password_again(client):
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


def code_for(secret):
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def test_sign_up_keeps_what_was_given_and_mails_a_link(client):
    response = sign_up(client)

    assert response.status_code == 302
    assert response["Location"] == reverse("account_email_verification_sent")
    user = User.objects.get()
    assert (user.full_name, user.native_name, user.language, user.time_zone, user.staff_role) == (
        "Samina Anjum",
        "ثمینہ انجم",
        "fr",
        "Asia/Karachi",
        "",
    )
    message = Message.objects.get()
    assert (message.kind, message.priority, message.address, message.language) == (
        Kind.SECURITY,
        Priority.SECURITY,
        user.email,
        "fr",
    )
    assert message.link == ""
    assert [event.verb for event in Event.objects.all()] == ["person.signed_up"]


def test_sign_up_ends_signed_in_once_the_link_is_confirmed(client):
    sign_up(client)
    path = link_in(Message.objects.get())

    page = client.get(path)
    assert EmailAddress.objects.get().verified is False  # a mail scanner that follows links changes nothing
    assert page.status_code == 200
    response = client.post(path)

    assert EmailAddress.objects.get().verified is True
    assert response.status_code == 302
    assert client.session["_auth_user_id"] == str(User.objects.get().pk)


def test_sign_up_in_another_browser_confirms_without_signing_in(client):
    sign_up(client)
    path = link_in(Message.objects.get())
    other = Client()

    other.post(path)

    assert EmailAddress.objects.get().verified is True
    assert "_auth_user_id" not in other.session


def test_sign_up_goes_on_to_the_page_it_came_from(client):
    client.post(reverse("account_signup"), {**NEW, "next": "/preferences/"})

    response = client.post(link_in(Message.objects.get()))

    assert response["Location"] == "/preferences/"


def test_sign_up_takes_no_staff_role_from_the_form(client):
    sign_up(client, staff_role="secretariat", is_staff="on", is_active="on")

    assert User.objects.get().staff_role == ""


def test_sign_up_with_a_known_address_answers_the_same_and_tells_its_owner(client):
    owner = make_user(email="known@example.org", language="ru")

    fresh = sign_up(client)
    known = sign_up(Client(), email="KNOWN@example.org")

    assert (known.status_code, known["Location"]) == (fresh.status_code, fresh["Location"])
    assert User.objects.filter(email="known@example.org").count() == 1
    told = Message.objects.get(template="security_account_exists")
    assert (told.address, told.language, told.recipient) == (owner.email, "ru", owner)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("full_name", ""),
        ("full_name", "   "),
        ("full_name", "12345"),
        ("full_name", "A\x00B"),
        ("full_name", "x" * 201),
        ("native_name", "x" * 201),
        ("email", "not an address"),
        ("email", "a@b\r\nBcc: all@example.org"),
        ("password1", "short"),
        ("password1", "password1234"),
        ("language", "tlh"),
        ("time_zone", ""),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("time_zone", "Etc/GMT+5"),
    ],
)
def test_sign_up_refuses_what_is_wrong_and_keeps_what_was_typed(client, field, value):
    response = sign_up(client, **{field: value})

    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert User.objects.count() == 0
    if field != "full_name":
        assert b'value="Samina Anjum"' in response.content


def test_sign_up_cleans_control_and_direction_characters_from_names(client):
    sign_up(client, full_name="  Mei\u202e \u200f Lin\t\n Zhao ")

    assert User.objects.get().full_name == "Mei Lin Zhao"


def test_sign_up_offers_places_and_begins_with_utc(client):
    page = client.get(reverse("account_signup"))

    assert page.context["form"]["time_zone"].value() == "UTC"
    assert 'data-browser-zone=""' in page.content.decode()
    assert page.content.decode().count("<option") == len(zones()) + 6 + 6  # six languages here and in the footer
    assert "America/Lima" in zones()
    assert "US/Pacific" not in zones()


def test_sign_in_is_refused_until_the_address_is_confirmed(client):
    user = make_user(verified=False)

    response = sign_in(client, user)

    assert response["Location"] == reverse("account_email_verification_sent")
    assert "_auth_user_id" not in client.session
    assert Message.objects.get().template == "security_verify"


def test_sign_in_answers_the_same_for_an_unknown_address_and_a_wrong_password(client):
    user = make_user()

    def answer(address):
        page = Client().post(reverse("account_login"), {"login": address, "password": "wrong wrong wrong"})
        return page.status_code, page.context["form"].errors.as_json()

    assert answer(user.email) == answer("nobody@example.org")


def test_sign_in_is_slowed_after_repeated_guesses(client):
    user = make_user()

    answers = {sign_in(Client(), user, "wrong wrong wrong").status_code for _ in range(12)}
    page = sign_in(client, user, "wrong wrong wrong")

    assert answers == {200}
    assert "Too many failed login attempts" in page.content.decode()


def test_sign_in_is_refused_to_a_closed_account(client):
    user = make_user(is_active=False)

    sign_in(client, user)

    assert "_auth_user_id" not in client.session


def test_reset_mails_a_link_that_sets_the_password_once(client):
    user = make_user()

    client.post(reverse("account_reset_password"), {"email": user.email})
    path = link_in(Message.objects.get(template="security_reset"))
    form = client.get(path, follow=True)
    done = client.post(form.redirect_chain[-1][0], {"password1": "a new sentence of mine", "password2": "a new sentence of mine"})

    assert done.status_code == 302
    user.refresh_from_db()
    assert user.check_password("a new sentence of mine")
    assert Message.objects.filter(template="security_notice", recipient=user).count() == 1
    again = Client().get(path)
    assert again.status_code == 200
    assert again.context["token_fail"] is True


def test_reset_answers_the_same_for_an_unknown_address_and_tells_it_so(client):
    user = make_user()

    known = client.post(reverse("account_reset_password"), {"email": user.email})
    unknown = client.post(reverse("account_reset_password"), {"email": "nobody@example.org"})

    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert Message.objects.get(address="nobody@example.org").template == "security_unknown_account"


def test_links_in_mails_point_to_our_own_address_whatever_host_was_claimed(client, settings):
    settings.ALLOWED_HOSTS = ["*"]
    user = make_user()

    client.post(reverse("account_reset_password"), {"email": user.email}, headers={"host": "evil.example.net"})

    assert "evil" not in Message.objects.get().text + Message.objects.get().html


def test_every_message_of_allauth_has_our_words(client):
    names = {
        *("email_changed", "email_confirm", "email_confirmation", "email_confirmation_signup", "email_deleted"),
        *("account_already_exists", "unknown_account", "password_changed", "password_reset", "password_reset_key"),
        "password_set",
    }
    factors = {"recovery_codes_generated", "totp_activated", "totp_deactivated", "webauthn_added", "webauthn_removed"}

    assert {*WITH_LINK, *TOLD} == {f"account/email/{name}" for name in names} | {f"mfa/email/{name}" for name in factors}


def test_change_of_address_writes_to_the_new_one_and_waits_for_it(client):
    user = make_user(language="es")
    sign_in(client, user)

    client.post(reverse("account_email"), {"action_add": "", "email": "new@example.org"})

    message = Message.objects.get(template="security_verify")
    assert (message.address, message.language, message.recipient) == ("new@example.org", "es", None)
    user.refresh_from_db()
    assert user.email != "new@example.org"
    client.post(link_in(message))
    user.refresh_from_db()
    assert user.email == "new@example.org"


def test_account_pages_are_ours_and_ask_nothing_of_others(client):
    user = make_user()
    sign_in(client, user)
    say_password_again(client)
    names = [
        "account_change_password",
        "account_email",
        "mfa_index",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_list_webauthn",
    ]

    for name in names:
        page = client.get(reverse(name)).content.decode()
        assert "lp-header" in page, name
        assert not re.search(r"\son\w+=|\sstyle=|javascript:|src=\"https?:", page), name
        scripts = re.findall(r"<script\b([^>]*)>", page)
        assert all("src=" in script or "application/json" in script for script in scripts), name


def test_pages_of_a_second_factor_in_use_are_ours(client):
    user = make_user()
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(user)
    half = Client()
    sign_in(half, user)
    asked = half.get(reverse("mfa_authenticate")).content.decode()
    sign_in(client, user)
    client.post(reverse("mfa_authenticate"), {"code": code_for("JBSWY3DPEHPK3PXP")})
    say_password_again(client)
    names = ["mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_deactivate_totp", "mfa_reauthenticate", "mfa_index"]
    pages = {name: client.get(reverse(name)).content.decode() for name in names}

    for name, page in {"mfa_authenticate": asked, **pages}.items():
        assert "lp-header" in page, name
        assert not re.search(r"\son\w+=|\sstyle=|javascript:|src=\"https?:", page), name


def test_entrance_pages_are_ours(client):
    names = ["account_login", "account_signup", "account_reset_password", "account_reset_password_done"]
    names += ["account_email_verification_sent", "account_inactive", "account_reset_password_from_key_done"]

    for name in names:
        page = client.get(reverse(name)).content.decode()
        assert "lp-header" in page, name
        assert not re.search(r"\son\w+=|\sstyle=|javascript:|src=\"https?:", page), name


def test_forged_links_of_mails_say_so(client):
    forged = client.get(reverse("account_confirm_email", args=["forged"]))
    reset = client.get(reverse("account_reset_password_from_key", kwargs={"uidb36": "1", "key": "forged-key"}))

    assert "lp-header" in forged.content.decode()
    assert forged.status_code == 200
    assert "Confirm the address" not in forged.content.decode()
    assert reset.context["token_fail"] is True


@pytest.mark.django_db(transaction=True)
def test_authenticator_app_is_added_asked_for_and_told_of(client):
    user = make_user()
    sign_in(client, user)
    say_password_again(client)
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret

    client.post(reverse("mfa_activate_totp"), {"code": code_for(secret)})
    fresh = Client()
    response = sign_in(fresh, user)

    assert response["Location"] == reverse("mfa_authenticate")
    assert "_auth_user_id" not in fresh.session
    fresh.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert "_auth_user_id" not in fresh.session
    (code, *_rest) = RecoveryCodes(user.authenticator_set.get(type="recovery_codes")).get_unused_codes()
    fresh.post(reverse("mfa_authenticate"), {"code": code})
    assert fresh.session["_auth_user_id"] == str(user.pk)
    assert Message.objects.filter(template="security_notice", kind=Kind.SECURITY).count() >= 1


def test_staff_pages_are_closed_without_a_second_factor(client, settings):
    settings.STAFF_MUST_USE_MFA = True
    staff = make_staff()
    sign_in(client, staff)

    response = client.get(reverse("admin:proposals_organisation_changelist"), follow=True)

    assert response.redirect_chain[-1][0] == reverse("portal:security")
    assert "need a second factor" in response.content.decode()


def test_staff_pages_ask_a_session_without_it_for_the_second_factor(client, settings):
    settings.STAFF_MUST_USE_MFA = True
    staff = make_staff()
    sign_in(client, staff)  # a session from before the app was added
    TOTP.activate(staff, "JBSWY3DPEHPK3PXP")

    response = client.get(reverse("admin:proposals_organisation_changelist"), follow=True)
    asked = response.redirect_chain[-1][0]
    assert asked.startswith(reverse("mfa_reauthenticate"))
    client.post(asked, {"code": code_for("JBSWY3DPEHPK3PXP")})

    assert client.get(reverse("admin:proposals_organisation_changelist")).status_code == 200


def test_staff_pages_open_without_it_only_where_the_settings_say_so(client, settings):
    settings.STAFF_MUST_USE_MFA = False
    sign_in(client, make_staff())

    assert client.get(reverse("admin:proposals_organisation_changelist")).status_code == 200


def test_staff_pages_send_a_partner_home(client):
    sign_in(client, make_user())

    response = client.get(reverse("admin:proposals_organisation_changelist"), follow=False)

    assert response.status_code == 302
    assert client.get(response["Location"])["Location"] == reverse("portal:dashboard")


def test_last_second_factor_of_staff_cannot_be_removed(client, settings):
    settings.STAFF_MUST_USE_MFA = True
    staff, partner = make_staff(), make_user()
    TOTP.activate(staff, "JBSWY3DPEHPK3PXP")
    TOTP.activate(partner, "JBSWY3DPEHPK3PXP")

    for user, left in ((staff, 1), (partner, 0)):
        mine = Client()
        sign_in(mine, user)
        mine.post(reverse("mfa_authenticate"), {"code": code_for("JBSWY3DPEHPK3PXP")})
        say_password_again(mine)
        mine.post(reverse("mfa_deactivate_totp"))
        assert user.authenticator_set.filter(type="totp").count() == left
        cache.clear()


def test_preferences_save_ones_own_and_the_next_page_speaks_the_language(client):
    user = make_user()
    client.force_login(user)
    new = {"full_name": "Li Ming", "native_name": "李明", "language": "ar", "time_zone": "Asia/Shanghai"}

    response = client.post(reverse("portal:preferences"), new)

    assert response.status_code == 302
    user.refresh_from_db()
    assert {name: getattr(user, name) for name in new} == new
    page = client.get(reverse("portal:preferences")).content.decode()
    assert 'lang="ar" dir="rtl"' in page
    assert [event.verb for event in Event.objects.all()] == ["person.described"]


@pytest.mark.parametrize(
    ("field", "value"), [("full_name", ""), ("language", "xx"), ("time_zone", "Nowhere"), ("native_name", "9")]
)
def test_preferences_refuse_what_is_wrong(client, field, value):
    user = make_user()
    client.force_login(user)
    new = {"full_name": "Li Ming", "native_name": "", "language": "en", "time_zone": "UTC", field: value}

    response = client.post(reverse("portal:preferences"), new)

    assert response.status_code == 400
    assert list(response.context["form"].errors) == [field]
    assert User.objects.get().full_name == user.full_name


@pytest.mark.parametrize("name", ["preferences", "security", "inbox", "organisation_list", "organisation_new"])
def test_own_pages_are_for_those_signed_in(client, name):
    response = client.get(reverse(f"portal:{name}"))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_privacy_is_shown_as_shipped_then_as_written_then_in_the_readers_language(client):
    assert "What we keep" in client.get(reverse("portal:privacy")).content.decode()

    Notice.objects.create(slug="privacy", language="en", title="Our notice", body="First.\n\n<script>x</script>")
    written = client.get(reverse("portal:privacy")).content.decode()
    assert "Our notice" in written
    assert "&lt;script&gt;" in written

    Notice.objects.create(slug="privacy", language="fr", title="Notre avis", body="Premier.")
    french = client.get(reverse("portal:privacy"), headers={"accept-language": "fr"}).content.decode()
    russian = client.get(reverse("portal:privacy"), headers={"accept-language": "ru"}).content.decode()
    assert "Notre avis" in french
    assert "Our notice" in russian


def test_status_tells_how_long_mail_has_waited(client):
    assert "leaves at once" in client.get(reverse("portal:service_status")).content.decode()

    make_message_waiting(timedelta(minutes=20))

    page = client.get(reverse("portal:service_status")).content.decode()
    assert "delayed by 20 minutes" in page


def make_message_waiting(waited):
    Message.objects.create(
        key="waiting",
        kind=Kind.RECEIPT,
        address="someone@example.org",
        language="en",
        template="received",
        subject="Received",
        text="Received.",
        html="<p>Received.</p>",
        message_id="<waiting@example.org>",
        due_at=timezone.now() - waited,
    )


def test_help_names_the_secretariat(client, settings):
    page = client.get(reverse("portal:help")).content.decode()

    assert settings.SECRETARIAT_EMAIL in page


def test_language_switch_lasts_for_one_who_is_signed_in(client):
    me = make_user(language="en")
    client.force_login(me)
    answer = client.post(reverse("portal:language"), {"language": "fr", "next": "/help/"})
    assert answer["Location"] == "/help/"
    me.refresh_from_db()
    assert me.language == "fr"
    assert '<html lang="fr"' in client.get("/help/").content.decode()


def test_language_switch_serves_a_stranger_and_refuses_what_is_not_spoken(client):
    assert client.post(reverse("portal:language"), {"language": "fr"}).status_code == 302
    assert '<html lang="fr"' in client.get("/help/").content.decode()
    me = make_user(language="es")
    client.force_login(me)
    client.post(reverse("portal:language"), {"language": "xx"})
    me.refresh_from_db()
    assert me.language == "es"
    assert client.get(reverse("portal:language")).status_code == 405
