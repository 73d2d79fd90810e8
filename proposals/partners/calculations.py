"""Pure rules: one line of clean text, the folded form of a name, how near two organisations are, a token's digest."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from django.core.signing import BadSignature, Signer

NEAR = 0.8  # from here on two names are asked about
_STRAY = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
_SAME = str.maketrans("øđłıæœىیةکھہ", "odliaoييهكهه")
_VOICED = {"\u3099", "\u309a"}  # marks that make another letter in Japanese
_SMALL_WORDS = frozenset(
    "the of for and in at de la le les du des di del della dello degli d l el los y e und der die das fur für van och "
    "и по им имени of".split()
)
_LEGAL_WORDS = frozenset(
    "inc incorporated ltd limited llc llp plc corp corporation co company gmbh mbh ag kg se sa sas sarl spa srl bv nv ab as "
    "asa oy oyj aps kft doo sp zoo pty pte pvt jsc ojsc cjsc pjsc ooo oao ao zao ооо оао ао зао пао фгуп ltda sab cv "
    "شركه ذ م".split()
)
_LEGAL_ENDS = ("股份有限公司", "有限责任公司", "有限公司", "集团", "株式会社", "주식회사")
_GENERIC = frozenset(
    "university universita universitat universite universidad universitet университет институт institute institut instituto "
    "istituto space spatial spatiale espacial spaziale agency agence agencia agenzia агентство national nacional nazionale "
    "research recherche centre center centro science sciences technology technologies state royal academy laboratory "
    "organisation organization commission administration جامعه وكاله الفضاء للفضاء المركز الوطني مركز معهد".split()
)


@dataclass(frozen=True)
class Names:
    """Everything an organisation is called."""

    name: str
    acronym: str = ""
    others: tuple[str, ...] = ()

    def whole(self) -> tuple[str, ...]:
        """Its full names, without the acronym."""
        return tuple(name for name in (self.name, *self.others) if name.strip())


def digest(token: str) -> str:
    """What is kept of an invitation's token: its SHA-256, in hexadecimal."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def mailbox_link_token(mailbox_id: int) -> str:
    """What the link at the foot of each mail to a role mailbox carries; the same in every mail."""
    return _links().sign(str(mailbox_id))


def read_mailbox_link_token(token: str) -> int | None:
    """The number of the mailbox that a link names; None for a forged one."""
    try:
        return int(_links().unsign(token))
    except BadSignature:
        return None


def _links() -> Signer:
    return Signer(salt="partners.mailbox", sep=".")


def one_line(text: str) -> str:
    """A name on one line: composed, without control and direction characters, single spaces."""
    return " ".join(_STRAY.sub(" ", unicodedata.normalize("NFC", text)).split())


@lru_cache(maxsize=8192)
def fold(name: str) -> tuple[str, ...]:
    """The words of a name that tell it apart, in order: no case, accents, punctuation, small or legal words.

    Keeps at least one word of any name that has a letter or digit; scripts without spaces give one long word.
    """
    bare = "".join(
        mark
        for mark in unicodedata.normalize("NFKD", name.casefold())
        if mark in _VOICED or not (unicodedata.combining(mark) or mark == "ـ")
    )
    plain = unicodedata.normalize("NFKC", bare).translate(_SAME)
    plain = re.sub(r"(?<=\b\w)\.(?=\w\b)", "", plain)  # S.p.A. is one word
    words = re.findall(r"[^\W_]+", plain)
    stripped = [_without_legal_end(word) for word in words]
    telling = [word for word in stripped if word and word not in _SMALL_WORDS and word not in _LEGAL_WORDS]
    return tuple(telling or words)


def _without_legal_end(word: str) -> str:
    for end in _LEGAL_ENDS:
        if len(word) > len(end):
            word = word.removesuffix(end).removeprefix(end)
    return word


def nearness(one: Names, other: Names) -> float:
    """How likely two organisations are the same by name, 0 to 1, the same both ways; from NEAR on it is worth asking."""
    score = max((_likeness(fold(a), fold(b)) for a in one.whole() for b in other.whole()), default=0.0)
    return max(score, _by_acronym(one, other), _by_acronym(other, one))


def _likeness(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    if not one or not other:
        return 0.0
    if not _share(_telling(one), _telling(other)):
        return 0.0  # "University of Padua" is not "University of Pavia"
    if set(one) == set(other):
        return 1.0
    a, b = "".join(one), "".join(other)
    letters = max(_ratio(" ".join(sorted(one)), " ".join(sorted(other))), _ratio(a, b))
    if min(len(a), len(b)) < 5:  # short words differ by meaning, not by a slip of the pen
        letters = 0.0
    fewer, more = sorted((set(one), set(other)), key=len)
    held = fewer <= more and len(fewer) >= 2 and len(fewer) / len(more) >= 0.6 and bool(fewer - _GENERIC)
    return max(letters, 0.85 if held else 0.0)


@lru_cache(maxsize=8192)
def _telling(words: tuple[str, ...]) -> tuple[frozenset[str], str]:
    """The words beyond "space", "agency" and their like; and they in one, in order."""
    own = frozenset(words) - _GENERIC
    return own, "".join(sorted(own))


def _share(telling: tuple[frozenset[str], str], as_telling: tuple[frozenset[str], str]) -> bool:
    """Whether the telling words agree, up to a slip of the pen; or neither has any."""
    (words, text), (others, other_text) = telling, as_telling
    if not words or not others:
        return not words and not others
    return not words.isdisjoint(others) or _ratio(text, other_text) >= 0.8


def _ratio(one: str, other: str) -> float:
    """How alike two texts are, 0 to 1; 0 for all below NEAR, which cheap upper bounds mostly tell."""
    if not one or not other or 2.0 * min(len(one), len(other)) / (len(one) + len(other)) < NEAR:
        return 0.0
    theirs = _letters(other)
    if 2.0 * sum(min(count, theirs.get(letter, 0)) for letter, count in _letters(one).items()) / (len(one) + len(other)) < NEAR:
        return 0.0
    one, other = sorted((one, other))  # difflib depends on the order
    found = SequenceMatcher(None, one, other, autojunk=False).ratio()
    return found if found >= NEAR else 0.0


@lru_cache(maxsize=8192)
def _letters(text: str) -> Counter[str]:
    """How often each letter stands in a text: two texts agree in no more letters than they have in common."""
    return Counter(text)


def _by_acronym(one: Names, other: Names) -> float:
    """An acronym of three letters or more that stands, as a word, in any name of the other."""
    short = "".join(fold(one.acronym))
    if len(short) < 3 or short in _GENERIC:
        return 0.0
    if short == "".join(fold(other.acronym)):
        return 0.95
    return 0.9 if any(short in fold(name) or short == "".join(fold(name)) for name in other.whole()) else 0.0


def nearest(wanted: Names, known: Iterable[tuple[int, Names]], limit: int = 5) -> list[tuple[int, float]]:
    """The ids of `known` that are near the one wanted, nearest first, with how near."""
    scored = ((nearness(wanted, names), key) for key, names in known)
    near = sorted(((score, -key) for score, key in scored if score >= NEAR), reverse=True)
    return [(-key, score) for score, key in near[:limit]]
