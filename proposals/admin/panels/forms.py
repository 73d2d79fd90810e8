"""The forms of a panel: opening it, bringing proposals before it, and its page of places, recommendations and minutes."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from proposals.admin.acts import ThingForm
from proposals.calls.models import Phase
from proposals.intake.models import Proposal
from proposals.review.actions.panels import Entry, Sheet
from proposals.review.models import Panel, PanelItem
from proposals.review.queries.panels import chairs
from proposals.review.rules.panels import RECOMMENDABLE, may_name_chair

DAY = {"type": "date"}


class PhaseChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A phase with the code of its call."""

    def label_from_instance(self, obj: Any) -> str:
        """Such as "CE8 – Letter of intent"."""
        return f"{obj.call.code} – {obj.title}"


class OpenForm(forms.Form):
    """A new panel."""

    phase = PhaseChoice(queryset=Phase.objects.select_related("call").order_by("-call_id", "position"), label=_("Phase"))
    title = forms.CharField(label=_("Title"), max_length=200)
    held_on = forms.DateField(label=_("Held on"), required=False, widget=forms.DateInput(attrs=DAY))
    chair: Any = forms.ModelChoiceField(
        queryset=None,
        label=_("Chair"),
        required=False,
        empty_label=_("nobody yet"),
        help_text=_("The chair freezes the record; while nobody is named, the secretariat can."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chair"].queryset = chairs()  # type: ignore[attr-defined]


class BringForm(forms.Form):
    """Which proposals come before the panel, and whether also without all their reviews."""

    ids = forms.TypedMultipleChoiceField(label=_("Proposals"), required=False, widget=forms.CheckboxSelectMultiple)
    despite_missing = forms.BooleanField(label=_("Bring them although reviews are missing"), required=False)

    def __init__(self, data: Any, proposals: Sequence[Proposal]) -> None:
        super().__init__(data)
        self.fields["ids"].choices = [(str(proposal.pk), str(proposal)) for proposal in proposals]  # type: ignore[attr-defined]


class FreezeForm(ThingForm):
    """Nothing is asked; the revision is that of the page on which it was decided."""

    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, thing: Any) -> None:
        super().__init__(data, thing=thing)
        self.fields["revision"].initial = thing.revision


class PanelForm(forms.Form):
    """One page of a panel: what concerns all, and for each item its place, recommendation and note."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    held_on = forms.DateField(label=_("Held on"), required=False, widget=forms.DateInput(attrs=DAY))
    chair: Any = forms.ModelChoiceField(queryset=None, label=_("Chair"), required=False, empty_label=_("nobody yet"))
    present = forms.CharField(
        label=_("Present"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"})
    )
    minutes = forms.CharField(
        label=_("Minutes"),
        required=False,
        max_length=40000,
        widget=forms.Textarea(attrs={"rows": 12, "dir": "auto"}),
        help_text=_("What concerns one proposal belongs in its own note: not everybody who reads the minutes may know of it."),
    )

    def __init__(self, data: Any, *, panel: Panel, items: Sequence[PanelItem], reader: Any) -> None:
        self.panel, self.items, self.reader = panel, items, reader
        super().__init__(data, initial=_present(panel))
        self.fields["chair"].queryset = chairs()  # type: ignore[attr-defined]
        if not may_name_chair(reader, panel):
            self.fields["chair"].disabled = True
        for place, item in enumerate(items, 1):
            self._add(place, item, str(item.proposal.reference))

    def _add(self, place: int, item: PanelItem, name: str) -> None:
        """The three fields of one item; a table's heading names them to the eye alone."""
        words = [("", _("none yet")), *((status.value, status.label) for status in RECOMMENDABLE)]
        fields: dict[str, forms.Field] = {
            "place": forms.IntegerField(
                initial=place, min_value=1, max_value=9999, widget=forms.NumberInput(attrs={"data-place": ""})
            ),
            "recommends": forms.ChoiceField(initial=item.recommends, required=False, choices=words),
            "note": forms.CharField(
                initial=item.note, required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"})
            ),
        }
        labels = {"place": _("Place of %s"), "recommends": _("Recommendation for %s"), "note": _("Note on %s")}
        for kind, field in fields.items():
            field.label = labels[kind] % name
            self.fields[f"{kind}-{item.pk}"] = field

    def of(self, item: PanelItem) -> dict[str, forms.BoundField]:
        """One item's fields."""
        return {kind: self[f"{kind}-{item.pk}"] for kind in ("place", "recommends", "note")}

    def ordered(self) -> list[PanelItem]:
        """The items by the places typed. One that was moved up comes before, one moved down after, the one it meets."""
        typed = {}
        for was, item in enumerate(self.items, 1):
            text = self.data.get(f"place-{item.pk}", "") if self.is_bound else ""
            now = int(text) if text.isdecimal() and len(text) < 5 else was
            typed[item.pk] = (now, (now > was) - (now < was), was)
        found = sorted(self.items, key=lambda item: typed[item.pk])
        step, _colon, pk = self.data.get("move", "").partition(":") if self.is_bound else ("", "", "")
        place = next((n for n, item in enumerate(found) if str(item.pk) == pk), None)
        if place is not None and step in {"up", "down"}:
            found.insert(max(place + (1 if step == "down" else -1), 0), found.pop(place))
        return found

    def sheet(self) -> Sheet:
        """What the page says, for the action."""
        cleaned = self.cleaned_data
        return Sheet(
            revision=cleaned["revision"],
            held_on=cleaned["held_on"],
            chair=cleaned["chair"],
            present=cleaned["present"],
            minutes=cleaned["minutes"],
            entries=[Entry(item.pk, cleaned[f"recommends-{item.pk}"], cleaned[f"note-{item.pk}"]) for item in self.ordered()],
        )

    def left_over(self) -> list[str]:
        """Notes typed on items that are no longer before the panel: nobody's text is thrown away."""
        return [text for name, text in self.data.items() if name.startswith("note-") and name not in self.fields and text.strip()]


def _present(panel: Panel) -> dict[str, Any]:
    columns = ("revision", "held_on", "present", "minutes")
    return {"chair": panel.chair_id, **{column: getattr(panel, column) for column in columns}}
