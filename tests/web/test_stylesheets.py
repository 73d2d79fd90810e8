"""The stylesheets hold to their promises: logical properties, defined tokens, a light first load, no inline anything."""

import gzip
import re
from pathlib import Path

import pytest

from tests.web.stylesheets import CSS, STATIC

OURS = ["tokens.css", "portal.css", "admin.css"]
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
PHYSICAL = re.compile(
    r"(?:(?:margin|padding|border|inset|scroll-margin|scroll-padding)-(?:left|right|top|bottom)\b"
    r"|border-(?:top|bottom)-(?:left|right)-radius"
    r"|(?<![\w-])(?:left|right|top|bottom)\s*:"
    r"|(?:text-align|float|clear|caption-side)\s*:\s*(?:left|right)\b)"
)
# Mail is read outside the site and carries its rules inside; pages must not have any.
TEMPLATES = [path for path in sorted((STATIC.parents[1] / "templates").rglob("*.html")) if "emails" not in path.parts]
INLINE = re.compile(
    r"<style|<script(?![^>]*(?:\ssrc=|\stype=.application/json.))|<[a-z][^<>]*\s(?:style|on(?!e=)[a-z]+)=|javascript:",
    re.IGNORECASE,
)


def rules(name: str) -> str:
    return COMMENT.sub("", (CSS / name).read_text())


@pytest.mark.parametrize("name", OURS)
def test_stylesheet_has_no_physical_property(name: str) -> None:
    assert PHYSICAL.findall(rules(name)) == []


def test_vendored_bootstrap_has_no_physical_side() -> None:
    text = COMMENT.sub("", (STATIC / "vendor/bootstrap/bootstrap.css").read_text())
    assert re.findall(r"(?:margin|padding|border)-(?:left|right)\b|[;{](?:left|right):|text-align:(?:left|right)", text) == []


@pytest.mark.parametrize("name", ["portal.css", "admin.css"])
def test_stylesheet_uses_only_defined_tokens(name: str) -> None:
    defined = set(re.findall(r"(--lp-[\w-]+):", rules("tokens.css") + rules(name)))
    assert set(re.findall(r"var\((--lp-[\w-]+)", rules(name))) - defined == set()


def test_static_files_name_no_other_origin() -> None:
    texts = [path for path in STATIC.rglob("*") if path.suffix in {".css", ".js"}]
    loads = r"""(?:url\(|import|src=|fetch\()\s*["']?https?://"""
    assert [path.name for path in texts if re.search(loads, path.read_text())] == []


def test_portal_stylesheets_are_under_20_kb_compressed() -> None:
    sheets = [STATIC / "vendor/bootstrap/bootstrap.css", CSS / "tokens.css", CSS / "portal.css"]
    assert sum(len(gzip.compress(sheet.read_bytes(), 6)) for sheet in sheets) < 20_000


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(STATIC.parents[1])))
def test_template_has_nothing_inline(path: Path) -> None:
    assert INLINE.findall(path.read_text()) == []
