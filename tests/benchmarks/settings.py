"""The production settings, with a counter of SQL and three reference views; only `manage.py bench` uses them."""

from pathlib import Path

from lunarpartners.settings import *  # noqa: F403
from lunarpartners.settings import MIDDLEWARE, TEMPLATES

ROOT_URLCONF = "tests.benchmarks.urls"
MIDDLEWARE = ["tests.benchmarks.meter.CountSql", *MIDDLEWARE]
TEMPLATES = [{**TEMPLATES[0], "DIRS": [*TEMPLATES[0]["DIRS"], Path(__file__).parent / "templates"]}]
