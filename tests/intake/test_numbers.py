"""Figures as the reader of each language writes them."""

import pytest
from django.utils import translation

from proposals.intake.calculations.numbers import write_number


@pytest.mark.parametrize(("language", "written"), [("en", "5.010"), ("fr", "5,010"), ("ru", "5,010"), ("zh-hans", "5.010")])
def test_numbers_are_written_with_the_readers_mark(language: str, written: str) -> None:
    with translation.override(language):
        assert write_number("5.010") == written
