"""Forms of one's own account: sign-up and preferences, with the time zones people know."""

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from allauth.account import forms as allauth_forms
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.utils import timezone, translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from proposals.partners.actions import record_sign_up
from proposals.partners.calculations import one_line
from proposals.partners.models import User
from proposals.web.clock import offset

AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
LANGUAGES_BY_THEIR_OWN_NAME = (
    ("en", "English"),
    ("zh-hans", "简体中文"),
    ("fr", "Français"),
    ("ru", "Русский"),
    ("es", "Español"),
    ("ar", "العربية"),
)


@cache
def zones() -> tuple[str, ...]:
    """The time zones that are places, and UTC, by name."""
    places = sorted(name for name in available_timezones() if name.partition("/")[0] in AREAS)
    return ("UTC", *places)


@cache
def _options(day: datetime) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Zones by area, each as (name, "Lima (UTC-5)"), as they stand on that day."""

    def shown(name: str) -> str:
        place = name.partition("/")[2].replace("_", " ") or name
        return f"{place} ({offset(day.astimezone(ZoneInfo(name)))})" if name != "UTC" else "UTC"

    def within(area: str) -> Iterable[tuple[str, str]]:
        return ((name, shown(name)) for name in zones() if name.partition("/")[0] == area)

    return tuple((area, tuple(within(area))) for area in ("UTC", *AREAS))


class ZoneSelect(forms.Select):
    """A choice of 450 zones, written at once: Django's own widget renders a template for each option."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The select with an optgroup an area."""
        final = {**self.build_attrs(self.attrs, attrs), "name": name}
        today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
        groups = format_html_join(
            "\n",
            '<optgroup label="{}">{}</optgroup>',
            (
                (
                    area,
                    format_html_join(
                        "",
                        '<option value="{}"{}>{}</option>',
                        ((zone, SafeString(" selected") if zone == value else "", label) for zone, label in options),
                    ),
                )
                for area, options in _options(today)
            ),
        )
        return format_html("<select{}>{}</select>", flatatt(final), groups)


class ZoneField(forms.CharField):
    """The name of a time zone; an empty or unknown one is refused with words."""

    widget = ZoneSelect

    def validate(self, value: str) -> None:
        """Only zones on the list."""
        super().validate(value)
        if value not in zones():
            raise ValidationError(_("Choose a time zone from the list."))


class NameField(forms.CharField):
    """A person's name in any script: one line, with at least one letter."""

    def clean(self, value: Any) -> str:
        """Tidied before its length is measured."""
        name = super().clean(one_line(value) if isinstance(value, str) and "\x00" not in value else value)
        if name and not any(unicodedata.category(mark)[0] == "L" for mark in name):
            raise ValidationError(_("Write the name in letters."))
        return str(name)


def full_name() -> NameField:
    """The one field for a whole name."""
    return NameField(
        label=_("Full name"),
        max_length=200,
        help_text=_("As it should stand in letters to you, in Latin script if you can."),
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
    )


def native_name() -> NameField:
    """The same name as its bearer writes it."""
    return NameField(
        label=_("Name in native script"),
        max_length=200,
        required=False,
        help_text=_("For example 李明, Мария Иванова or محمد علي."),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )


def language() -> forms.ChoiceField:
    """The language of pages and mails."""
    return forms.ChoiceField(
        label=_("Language"), choices=LANGUAGES_BY_THEIR_OWN_NAME, help_text=_("Of this site's pages and of our mails to you.")
    )


def time_zone(**attrs: str) -> ZoneField:
    """Where the reader's clock stands."""
    return ZoneField(
        label=_("Time zone"),
        help_text=_("Deadlines are shown in Beijing's time and in yours."),
        widget=ZoneSelect(attrs=attrs),
    )


class SignupForm(allauth_forms.SignupForm):  # type: ignore[misc]
    """A new account: name, address, password, language and time zone."""

    full_name = full_name()
    native_name = native_name()
    language = language()
    time_zone = time_zone(**{"data-browser-zone": ""})
    field_order = ("full_name", "native_name", "email", "password1", "language", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        spoken = translation.get_language() or settings.LANGUAGE_CODE
        self.fields["language"].initial = spoken if spoken in dict(LANGUAGES_BY_THEIR_OWN_NAME) else settings.LANGUAGE_CODE
        self.fields["time_zone"].initial = "UTC"
        self.fields["email"].label = _("E-mail address")
        self.fields["email"].help_text = _("We send a link there to confirm it. Use one that will still be yours in some years.")
        self.fields["password1"].help_text = _("At least 12 characters. A sentence that only you know is good.")
        for name in ("email", "password1"):
            self.fields[name].widget.attrs.pop("placeholder", None)
        self.fields["password1"].widget.attrs["autocomplete"] = "new-password"

    def signup(self, request: object, user: User) -> None:
        """The trail's part of a new account."""
        record_sign_up(user)


class PreferencesForm(forms.ModelForm):  # type: ignore[type-arg]  # subscripted only for the type checker
    """One's own names, language and time zone."""

    full_name = full_name()
    native_name = native_name()
    language = language()
    time_zone = time_zone()

    class Meta:
        model = User
        fields = ("full_name", "native_name", "language", "time_zone")
