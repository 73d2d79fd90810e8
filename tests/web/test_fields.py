"""A whole field: label, hint, error and input in their order, and nothing that was typed becomes markup."""

import pytest
from django import forms
from django.utils.safestring import mark_safe

from proposals.web.templatetags.fields import whole_field

NASTY = "<script>x</script>"


class Specimen(forms.Form):
    """A field of each look."""

    title = forms.CharField(label="Title", help_text="In <full>.", max_length=5)
    mass = forms.CharField(label="Mass", required=False, widget=forms.TextInput(attrs={"data-unit": "kg", "class": "lp-short"}))
    kind = forms.ChoiceField(label="Kind", choices=[("a", NASTY), ("b", "B")])
    way = forms.ChoiceField(label="Way", choices=[("a", NASTY)], widget=forms.RadioSelect, help_text="One of them.")
    agreed = forms.BooleanField(label="Agreed")
    letter = forms.FileField(label="Letter", required=False)
    key = forms.CharField(widget=forms.HiddenInput)


def shown(name: str, data: dict[str, str] | None = None) -> str:
    return str(whole_field(Specimen(data)[name])).replace("\n", "")


def test_field_has_label_hint_and_input_in_order() -> None:
    assert shown("title") == (
        '<div id="div_id_title" class="lp-field"><label for="id_title" class="form-label">Title</label>'
        '<div id="id_title_helptext" class="form-text">In &lt;full&gt;.</div>'
        '<input type="text" name="title" maxlength="5" class="form-control" required'
        ' aria-describedby="id_title_helptext" id="id_title">'
        "</div>"
    )


def test_field_with_an_error_tells_it_above_the_input() -> None:
    found = shown("title", {"title": f'{NASTY}"'})

    assert found.index("form-text") < found.index('<p class="lp-error">') < found.index("<input")
    assert '<div id="div_id_title" class="lp-field lp-field--invalid">' in found
    assert '<div id="id_title_error"><p class="lp-error"><svg class="lp-icon" aria-hidden="true">' in found
    assert 'class="form-control is-invalid"' in found
    assert 'aria-invalid="true" aria-describedby="id_title_helptext id_title_error"' in found
    assert "<script>" not in found


def test_field_without_errors_shown_says_nothing() -> None:
    assert "lp-error" not in str(whole_field(Specimen({"title": "much too long"})["title"], errors=False))


def test_field_that_is_optional_says_so_and_keeps_its_unit_in_the_frame() -> None:
    assert shown("mass") == (
        '<div id="div_id_mass" class="lp-field"><label for="id_mass" class="form-label">Mass '
        '<span class="lp-optional">(optional)</span></label><div class="lp-unit">'
        '<input type="text" name="mass" data-unit="kg" class="lp-short form-control" id="id_mass">'
        '<span class="lp-unit__unit">kg</span></div></div>'
    )


def test_field_of_a_select_has_its_look() -> None:
    assert '<select name="kind" class="form-select" id="id_kind">' in shown("kind")
    assert "<script>" not in shown("kind")


def test_field_of_radio_buttons_is_a_group() -> None:
    assert shown("way") == (
        '<div id="div_id_way" class="lp-field"><fieldset aria-describedby="id_way_helptext">'
        '<legend class="form-label">Way</legend>'
        '<div id="id_way_helptext" class="form-text">One of them.</div><div class="form-check">'
        '<input type="radio" class="form-check-input" name="way" value="a" id="id_way_0" required>'
        '<label for="id_way_0" class="form-check-label">&lt;script&gt;x&lt;/script&gt;</label></div></fieldset></div>'
    )


def test_field_of_a_checkbox_has_its_label_behind() -> None:
    assert shown("agreed") == (
        '<div id="div_id_agreed" class="lp-field"><div class="form-check">'
        '<input type="checkbox" name="agreed" class="form-check-input" required id="id_agreed">'
        '<label for="id_agreed" class="form-check-label">Agreed</label></div></div>'
    )


def test_field_of_a_file_is_a_file_input() -> None:
    assert '<input type="file" name="letter" class="form-control" id="id_letter">' in shown("letter")


def test_field_that_is_hidden_stands_alone() -> None:
    assert shown("key") == '<input type="hidden" name="key" id="id_key">'


def test_field_without_labels_keeps_its_hint() -> None:
    assert "form-label" not in str(whole_field(Specimen()["title"], labels=False))


def test_field_keeps_markup_of_ours_in_a_hint() -> None:
    form = Specimen()
    form.fields["title"].help_text = mark_safe("<b>ours</b>")

    assert "<b>ours</b>" in str(whole_field(form["title"]))


@pytest.mark.parametrize("name", ["title", "mass", "kind", "way", "agreed"])
def test_field_takes_the_classes_of_its_layout(name: str) -> None:
    found = str(whole_field(Specimen()[name], tag="li", wrapper_class="lp-wide"))

    assert found.startswith(f'<li id="div_id_{name}" class="lp-field lp-wide">')
    assert found.endswith("</li>")
