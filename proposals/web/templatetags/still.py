"""A part of a page that is the same for every reader of a language: rendered once, then kept."""

from typing import Any

from django import template
from django.template import Context, Node, NodeList
from django.template.base import FilterExpression, Parser, Token
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()
MOST = 500


class NotStill(Exception):
    """What was to be kept for everyone asked for something of this one request."""


class Still(Context):
    """Knows only what the tag names; anything else, be it a token or a reader, is refused rather than kept."""

    def __getitem__(self, key: Any) -> Any:
        for names in reversed(self.dicts):
            if key in names:
                return names[key]
        raise NotStill(f"{{% still %}} does not name {key}, which differs from request to request.")

    def get(self, key: Any, otherwise: Any = None) -> Any:  # noqa: ARG002  # Context's signature
        """The same: nothing is taken for absent."""
        return self[key]


class StillNode(Node):
    """Keeps what it holds by language and by the values of the variables named."""

    def __init__(self, nodelist: NodeList, names: dict[str, FilterExpression]) -> None:
        self.nodelist, self.names = nodelist, names
        self.kept: dict[tuple[Any, ...], SafeString] = {}

    def render(self, context: Context) -> SafeString:
        """What was kept, or what is rendered now with nothing but these values."""
        values = {name: expression.resolve(context) for name, expression in self.names.items()}
        key = (get_language(), *values.values())
        found = self.kept.get(key)
        if found is None:
            inner = Still(values)
            with inner.bind_template(context.template):  # type: ignore[arg-type]  # a tag is rendered within a template
                found = self.nodelist.render(inner)
            if len(self.kept) < MOST:  # were a value to differ without end, memory would not
                self.kept[key] = found
        return found


@register.tag
def still(parser: Parser, token: Token) -> StillNode:
    """`{% still one two %}…{% endstill %}`: inside, `one` and `two` are known and nothing else of the request is.

    They must have few values: each combination is kept, in each language, as long as the process lives.
    """
    names = token.split_contents()[1:]
    nodelist = parser.parse(("endstill",))
    parser.delete_first_token()
    return StillNode(nodelist, {name: parser.compile_filter(name) for name in names})
