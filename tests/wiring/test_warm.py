"""What a web worker does before its first request."""

import gc

import pytest
from django.utils.translation import gettext, ngettext, override, pgettext, trans_real

from lunarpartners.warm import OBJECTS_BETWEEN_SWEEPS, Source, speak_english, warm


@pytest.fixture(autouse=True)
def _own_translations(monkeypatch):
    """What the test does to the catalogues stays in it."""
    monkeypatch.setattr(trans_real, "_translations", {})
    monkeypatch.setattr(trans_real, "_default", None)
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)
    gc.unfreeze()


def sentences():
    """Words of ours, plurals, words with a context and words that nobody translated."""
    return [
        gettext("Create an account"),
        ngettext("%(num)d day", "%(num)d days", 1),
        ngettext("%(num)d day", "%(num)d days", 3),
        pgettext("alt. month", "March"),
        gettext("nobody wrote this sentence"),
        gettext(""),
    ]


@pytest.mark.parametrize("language", ["en", "en-gb", "fr", "ru", "zh-hans", "ar"])
def test_every_language_says_what_it_said(language):
    with override(language):
        before = sentences()
    speak_english()
    with override(language):
        assert sentences() == before


def test_english_is_found_in_the_first_catalogue_once():
    speak_english()
    speak_english()

    assert [type(each) is Source for each in trans_real.translation("en")._catalog._catalogs][:2] == [True, False]


def test_worker_sweeps_rarely_and_leaves_out_what_is_loaded():
    warm()

    assert (gc.get_threshold()[0], gc.get_freeze_count() > 10_000) == (OBJECTS_BETWEEN_SWEEPS, True)
