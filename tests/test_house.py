"""The house keeps its own rules: who writes, who moves, who tells, how long a file may be."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin
from django.template.loader import get_template

from proposals.admin.base import HouseAdmin
from proposals.intake.calculations.diagram import mermaid
from proposals.intake.emails import TEMPLATE
from proposals.intake.states import CLOSED, EDITABLE, MOVES, SHOWN_AS, Status

ROOT = Path(__file__).resolve().parent.parent
CODE = sorted(
    p for folder in ("proposals", "lunarpartners") for p in (ROOT / folder).rglob("*.py") if "migrations" not in p.parts
)
DOORS = sorted(p for door in ("portal", "admin", "api") for p in (ROOT / "proposals" / door).rglob("*.py"))
WRITES = {"save", "create", "bulk_create", "update_or_create", "get_or_create", "bulk_update", "delete"}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "services", "managers", "mixins"}
TEMPLATES = ROOT / "templates"


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            first = body[0].lineno if body else node.lineno
            yield node.name, (node.end_lineno or first) - first + 1


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_file_keeps_its_ceiling_and_opens_with_a_sentence(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    assert path.stem not in FORBIDDEN_NAMES
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "a module opens with one sentence"
    assert [name for name, lines in functions(path) if lines > 40] == []


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_class_keeps_its_ceiling(path: Path) -> None:
    long = [
        node.name
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef)
        and (node.end_lineno or 0) - node.lineno + 1 > (150 if "Admin" not in node.name else 120)
    ]
    assert long == []


@pytest.mark.parametrize("path", DOORS, ids=name_of)
def test_doors_do_not_write(path: Path) -> None:
    """A door translates: `form.save(commit=False)` builds a row, everything else that writes is an action's."""
    found = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES | {"update"}:
            unsaved = any(
                k.arg == "commit" and isinstance(k.value, ast.Constant) and k.value.value is False for k in node.keywords
            )
            queryset = "objects" in ast.unparse(node.func.value) or ".filter(" in ast.unparse(node.func.value)
            if not unsaved and (node.func.attr != "update" or queryset) and not _is_no_write(node):
                found.append(f"{node.lineno}: {ast.unparse(node)[:80]}")
    assert found == []


def _is_no_write(node: ast.Call) -> bool:
    """`super().save(...)` of a form that was told commit=False, caches, and calls with `by=`: those are verbs."""
    assert isinstance(node.func, ast.Attribute)
    owner = ast.unparse(node.func.value)
    return owner == "super()" or owner.startswith("cache") or any(keyword.arg == "by" for keyword in node.keywords)


def test_only_move_assigns_a_status() -> None:
    pattern = re.compile(r"\.status\s*=[^=]|\bupdate\([^)]*\bstatus=")
    found = [name_of(p) for p in CODE if pattern.search(p.read_text(encoding="utf-8"))]
    assert found == []


def test_only_the_outbox_sends_mail() -> None:
    found = [
        name_of(p)
        for p in CODE
        if re.search(r"django\.core\.mail|smtplib", p.read_text(encoding="utf-8")) and "proposals/outbox" not in name_of(p)
    ]
    allowed = {"lunarpartners/checks.py", "lunarpartners/settings.py"}  # the probe of the relay, and the backend's name
    assert set(found) <= allowed


def test_every_status_has_its_moves_its_word_and_its_end() -> None:
    assert set(MOVES) == set(Status) == set(SHOWN_AS)
    assert {status for status in Status if not MOVES[status]} == CLOSED
    assert all(MOVES[status] for status in EDITABLE)
    reachable, edge = {Status.DRAFT}, {Status.DRAFT}
    while edge:
        edge = {now for was in edge for now in MOVES[was]} - reachable
        reachable |= edge
    assert reachable == set(Status)


def test_every_move_that_shows_something_new_has_its_message() -> None:
    shown = {now for was in Status for now in MOVES[was] if str(SHOWN_AS[was]) != str(SHOWN_AS[now])}
    assert shown == set(TEMPLATE)


def test_every_mail_has_text_and_html() -> None:
    facts = {p.stem for p in (TEMPLATES / "emails").iterdir() if p.stem != "base"}
    for fact in facts:
        get_template(f"emails/{fact}.txt")
        get_template(f"emails/{fact}.html")
    assert set(TEMPLATE.values()) <= facts


def test_no_template_is_unused() -> None:
    code = "\n".join(p.read_text(encoding="utf-8") for p in CODE)
    markup = "\n".join(p.read_text(encoding="utf-8") for p in TEMPLATES.rglob("*.*") if p.suffix in {".html", ".txt"})
    unused = []
    for path in TEMPLATES.rglob("*.*"):
        name = str(path.relative_to(TEMPLATES))
        if name.startswith(("account/", "mfa/", "allauth/", "bootstrap5/", "admin/", "registration/", "django/")):
            continue  # they override a library's own by their place
        if re.fullmatch(r"(400|403|404|500)\.html|robots\.txt", name):
            continue
        fact = path.stem if name.startswith("emails/") else name
        if f'"{fact}"' not in code and f'"{name}"' not in markup and not (fact.startswith("security_") and "security_" in code):
            unused.append(name)
    assert unused == []


def test_every_admin_page_is_of_the_one_base() -> None:
    ours = [model_admin for model, model_admin in admin.site._registry.items() if model._meta.app_label == "proposals"]
    assert ours
    assert [type(a).__name__ for a in admin.site._registry.values() if not isinstance(a, HouseAdmin)] == []


def test_migrations_are_one_chain_named_in_max_migration() -> None:
    folder = ROOT / "proposals" / "migrations"
    names = sorted(p.stem for p in folder.glob("0*.py"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert (folder / "max_migration.txt").read_text().strip() == names[-1]


def test_readme_shows_the_diagram_of_the_table() -> None:
    assert f"```mermaid\n{mermaid()}\n```" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_row_of_ours_has_one_label() -> None:
    assert {config.label for config in apps.get_app_configs() if config.name.startswith("proposals")} == {"proposals"}


def test_nothing_names_a_machine() -> None:
    """No address of a package registry and no path of a developer's machine is kept."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    words = re.compile("/" + "work/main|pypi" + r"\.org|npm" + r"js\.org|registry" + r"\.npm")
    found = []
    for name in filter(None, tracked):
        path = ROOT / name
        written = path.suffix in {".py", ".md", ".txt", ".yml", ".toml", ".html", ".sh", ".css", ".js", ".json"}
        if written and path.exists() and words.search(path.read_text(encoding="utf-8", errors="ignore")):
            found.append(name)
    assert found == []
