"""Where the stylesheets lie, for the tests that read them as text."""

from pathlib import Path

STATIC = Path(__file__).resolve().parents[2] / "proposals" / "static"
CSS = STATIC / "css"
