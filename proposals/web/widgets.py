"""Django's commonest form widgets, written at once: a template for each input and each option cost more than the page."""

import html
from collections.abc import Callable, Mapping
from typing import Any

from django.forms.renderers import TemplatesSetting
from django.utils.safestring import SafeString

Part = Mapping[str, Any]


def escaped(value: Any) -> str:
    """Text as HTML shows it; what is marked safe stays as it is."""
    text = str(value)
    return text if isinstance(text, SafeString) else html.escape(text)


def attributes(attrs: Mapping[str, Any]) -> str:
    """HTML attributes as Django's `attrs.html` writes them: True alone by its name, False not at all."""
    return "".join(
        f" {name}" if value is True else f' {name}="{escaped(value)}"' for name, value in attrs.items() if value is not False
    )


def _input(widget: Part) -> str:
    value = "" if widget["value"] is None else f' value="{escaped(widget["value"])}"'
    return f'<input type="{widget["type"]}" name="{escaped(widget["name"])}"{value}{attributes(widget["attrs"])}>'


def _textarea(widget: Part) -> str:
    text = escaped(widget["value"] or "")
    return f'<textarea name="{escaped(widget["name"])}"{attributes(widget["attrs"])}>\n{text}</textarea>'


def _option(option: Part) -> str:
    return f'<option value="{escaped(option["value"])}"{attributes(option["attrs"])}>{escaped(option["label"])}</option>'


def _select(widget: Part) -> str:
    parts = [f'<select name="{escaped(widget["name"])}"{attributes(widget["attrs"])}>']
    for name, options, _index in widget["optgroups"]:
        inside = "\n".join(map(_option, options))
        parts.append(f'<optgroup label="{escaped(name)}">\n{inside}\n</optgroup>' if name else inside)
    return "\n".join([*parts, "</select>"])


INPUTS = ("text", "email", "number", "url", "password", "hidden", "date", "time", "datetime", "search", "tel", "checkbox")
WRITERS: dict[str, Callable[[Part], str]] = {
    **{f"django/forms/widgets/{kind}.html": _input for kind in INPUTS},
    "django/forms/widgets/textarea.html": _textarea,
    "django/forms/widgets/select.html": _select,
}


class PlainRenderer(TemplatesSetting):
    """Writes inputs, text areas and selects itself, as Django's templates would; all else through the templates."""

    def render(self, template_name: str, context: Any, request: Any = None) -> Any:
        """The widget as HTML."""
        write = WRITERS.get(template_name)
        return super().render(template_name, context, request) if write is None else write(context["widget"])
