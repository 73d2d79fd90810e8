"""Names: tidied, folded and held against each other, in any script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proposals.partners.calculations import NEAR, Names, digest, fold, nearest, nearness, one_line

SUPARCO = Names(
    "Space and Upper Atmosphere Research Commission",
    "SUPARCO",
    ("Pakistan SUPARCO", "SUPARCO Pakistan", "Pakistan space agency", "سپارکو"),
)
ASI = Names("Agenzia Spaziale Italiana", "ASI", ("Italian Space Agency",))
IKI = Names(
    "Space Research Institute of the Russian Academy of Sciences", "IKI", ("ИКИ РАН", "Институт космических исследований РАН")
)
NSSC = Names("National Space Science Center, Chinese Academy of Sciences", "NSSC", ("中国科学院国家空间科学中心",))
MBRSC = Names("Mohammed Bin Rashid Space Centre", "MBRSC", ("مركز محمد بن راشد للفضاء",))
LATMOS = Names("Laboratoire Atmosphères, Milieux, Observations Spatiales", "LATMOS")
PADUA = Names("University of Padua", "UniPd", ("Università degli Studi di Padova",))


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("SUPARCO", SUPARCO),
        ("suparco", SUPARCO),
        ("Pakistan SUPARCO", SUPARCO),
        ("S.U.P.A.R.C.O.", SUPARCO),
        ("SUPARCO (Pvt.) Ltd.", SUPARCO),
        ("Space & Upper-Atmosphere Research Commission", SUPARCO),
        ("Space and Upper Atmosphere Research Comission", SUPARCO),
        ("سپارکو", SUPARCO),
        ("The Italian Space Agency", ASI),
        ("AGENZIA SPAZIALE ITALIANA", ASI),
        ("ASI S.p.A.", ASI),
        ("Институт Космических Исследований", IKI),
        ("ООО «Институт космических исследований РАН»", IKI),
        ("ИКИ РАН", IKI),
        ("中国科学院国家空间科学中心", NSSC),
        ("中国科学院 国家空间科学中心", NSSC),
        ("中国科学院国家空间科学中心有限公司", NSSC),
        ("مَرْكَز محمد بن راشد للفضاء", MBRSC),
        ("مركز محمد بن راشد للفضاء ش.م.", MBRSC),
        ("Laboratoire atmospheres milieux observations spatiales", LATMOS),
        ("Universita di Padova", PADUA),
        ("Padua University", PADUA),
    ],
)
def test_a_name_near_to_a_known_one_is_asked_about(typed, known):
    assert nearness(Names(typed), known) >= NEAR


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("University of Pavia", PADUA),
        ("University of Parma", PADUA),
        ("Iranian Space Agency", ASI),
        ("Israel Space Agency", ASI),
        ("Space Agency", ASI),
        ("University", PADUA),
        ("Space Research Institute of Ukraine", IKI),
        ("中国科学院国家天文台", NSSC),
        ("جامعة الشارقة", MBRSC),
        ("Московский государственный университет", IKI),
        ("Margalla Hills Institute of Engineering", SUPARCO),
        ("SA", ASI),
        ("", ASI),
    ],
)
def test_another_organisations_name_is_not_asked_about(typed, known):
    assert nearness(Names(typed), known) < NEAR


def test_acronym_is_near_where_it_stands_as_a_word():
    assert nearness(Names("Something else", "SUPARCO"), SUPARCO) >= NEAR
    assert nearness(Names("Suparcology Institute"), SUPARCO) < NEAR


def test_short_acronyms_are_not_held_against_anyone():
    assert nearness(Names("Centre of Observation", "CO"), Names("Commission of Optics", "CO")) < NEAR


def test_nearest_puts_the_likeliest_first_and_stops_at_its_limit():
    known = [(1, ASI), (2, SUPARCO), (3, Names("Pakistan SUPARCO Institute"))]

    assert [key for key, _score in nearest(Names("Pakistan SUPARCO"), known)] == [2, 3]
    assert [key for key, _score in nearest(Names("Pakistan SUPARCO"), known, limit=1)] == [2]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Università degli Studi di Padova", ("universita", "studi", "padova")),
        ("Straße & Co. KG", ("strasse",)),
        ("Łódź", ("lodz",)),
        ("İTÜ", ("itu",)),
        ("株式会社ispace", ("ispace",)),
        ("ガガ研究所", ("ガガ研究所",)),
        ("한국항공우주연구원", ("한국항공우주연구원",)),
        ("The Of", ("the", "of")),
        ("«»", ()),
    ],
)
def test_fold_keeps_the_words_that_tell_a_name_apart(name, words):
    assert fold(name) == words


@given(st.text(max_size=60), st.text(max_size=60))
def test_nearness_is_the_same_both_ways_and_within_0_and_1(a, b):
    there, back = nearness(Names(a), Names(b)), nearness(Names(b), Names(a))

    assert there == back
    assert 0 <= there <= 1


@given(st.text(alphabet="abcdefgh ijklmnopqrstu", min_size=3, max_size=40))
def test_a_name_is_near_itself_in_capitals(name):
    if fold(name):
        assert nearness(Names(name), Names(name.upper())) == 1.0


@given(st.text(max_size=100))
def test_one_line_is_one_line_and_stays_so(text):
    tidy = one_line(text)

    assert one_line(tidy) == tidy
    assert "\n" not in tidy
    assert "\u202e" not in tidy
    assert tidy == tidy.strip()


def test_digest_hides_the_token_and_takes_any_text():
    assert digest("a token") != "a token"
    assert len(digest("\ud800 broken")) == 64
