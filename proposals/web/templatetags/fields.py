"""One field of a form as the design asks: label, hint, error, then the input, its unit inside the frame.

Crispy's `field.html` calls it. A page has up to sixty fields, so it is written here and not in templates within templates.
"""

from collections.abc import Iterator

from crispy_forms.templatetags.crispy_forms_filters import optgroups
from django import forms, template
from django.forms import BoundField
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from proposals.web.templatetags.lunar import icon, unit
from proposals.web.widgets import attributes, escaped

register = template.Library()


@register.simple_tag
def whole_field(
    field: BoundField,
    *,
    tag: str = "",
    labels: bool | str = True,
    errors: bool | str = True,
    wrapper_class: str = "",
    label_class: str = "",
) -> SafeString:
    """The field in its frame `div_<id>`, where what is missing links to; a hidden one bare."""
    if field.is_hidden:
        return SafeString(field)
    tag = tag or "div"
    wrong = bool(errors and field.errors)
    classes = ("lp-field", "lp-field--invalid" if wrong else "", wrapper_class, field.css_classes())
    inside = _checkbox if isinstance(field.field.widget, forms.CheckboxInput) else _labelled
    parts = inside(field, labels=bool(labels), told=_told(field) if wrong else "", label_class=label_class)
    frame = f'<{tag} id="div_{field.auto_id}" class="{escaped(" ".join(filter(None, classes)))}">'
    return mark_safe("\n".join([frame, *filter(None, parts), f"</{tag}>"]))  # noqa: S308  # each part escapes what it was given


def _checkbox(field: BoundField, *, labels: bool, told: str, label_class: str) -> Iterator[str]:  # noqa: ARG001  # as the other
    yield told
    label = f'<label for="{field.id_for_label}" class="form-check-label">{escaped(field.label)}</label>' if labels else ""
    yield f'<div class="form-check">{_widget(field, "form-check-input")}{label}</div>'
    yield _hint(field)


def _labelled(field: BoundField, *, labels: bool, told: str, label_class: str) -> Iterator[str]:
    name = escaped(field.label) if labels and field.label else ""
    grouped = bool(field.use_fieldset and name)
    if grouped:
        told_by = field.aria_describedby
        yield f'<fieldset aria-describedby="{told_by}">' if told_by else "<fieldset>"
    if name:
        optional = "" if field.field.required else f' <span class="lp-optional">{escaped(_("(optional)"))}</span>'
        what, at = ("legend", "") if grouped else ("label", field.id_for_label)
        classes = escaped(f"form-label {label_class}".strip())
        yield f'<{what}{f" for={chr(34)}{at}{chr(34)}" if at else ""} class="{classes}">{name}{optional}</{what}>'
    yield _hint(field)
    yield told
    yield _entry(field)
    if grouped:
        yield "</fieldset>"


def _entry(field: BoundField) -> str:
    """What is typed into or chosen from."""
    widget = field.field.widget
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return _choices(field)
    if isinstance(widget, forms.FileInput):
        return render_to_string("bootstrap5/layout/field_file.html", {"field": field})
    if isinstance(widget, forms.Select):
        return _widget(field, "form-select")
    if isinstance(widget, forms.MultiWidget):
        return str(field)
    entry = _widget(field, "form-control")
    if measure := unit(field):
        return f'<div class="lp-unit">{entry}<span class="lp-unit__unit">{escaped(measure)}</span></div>'
    return entry


def _widget(field: BoundField, look: str) -> str:
    """The input itself, with its look beside the classes that its form gave it."""
    own = field.field.widget.attrs.get("class", "")
    return field.as_widget(attrs={"class": f"{own} {look}{' is-invalid' if field.errors else ''}".strip()})


def _choices(field: BoundField) -> str:
    """Choices one under another."""
    look = f"form-check-input{' is-invalid' if field.errors else ''}"
    lines = []
    for group, options, _index in optgroups(field):
        if group:
            lines.append(f'<p class="form-label">{escaped(group)}</p>')
        lines += [
            f'<div class="form-check"><input type="{option["type"]}" class="{look}" name="{escaped(field.html_name)}"'
            f' value="{escaped(option["value"])}"{attributes(option["attrs"])}>'
            f'<label for="{option["attrs"].get("id", "")}" class="form-check-label">{escaped(option["label"])}</label></div>'
            for option in options
        ]
    return "\n".join(lines)


def _hint(field: BoundField) -> str:
    """The hint, under the label."""
    if not field.help_text:
        return ""
    at = f' id="{field.auto_id}_helptext"' if field.auto_id else ""
    return f'<div{at} class="form-text">{escaped(field.help_text)}</div>'


def _told(field: BoundField) -> str:
    """What is wrong, under the hint and above the input."""
    word = escaped(_("Error:"))
    lines = [
        f'<p class="lp-error">{icon("stop")}<span><span class="visually-hidden">{word} </span>{escaped(one)}</span></p>'
        for one in field.errors
    ]
    return f'<div id="{field.auto_id}_error">{"".join(lines)}</div>'
