"""Spellings of one label, and values that look like a mark for "no vote"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

WRAPPING = "\"'`*_~()[]{}.,;:!?"


SMALL_SIGNS = {*"-.?*#/\\~:;,·•…_ ", *map(chr, range(0x2010, 0x2016)), chr(0x2212)}


WORDS_FOR_NO_VOTE = {
    *("nan", "nat", "na", "none", "null", "missing", "blank", "empty", "novalue"),
    *(
        "abstain",
        "abstained",
        "abstention",
        "novote",
        "nolabel",
        "unlabeled",
        "unlabelled",
        "unlabel",
    ),
    *(
        "unsure",
        "notsure",
        "imnotsure",
        "uncertain",
        "unclear",
        "undecided",
        "undetermined",
        "maybe",
    ),
    *("unknown", "unk", "idk", "dk", "dunno", "dontknow", "donotknow", "idontknow", "idonotknow"),
    *(
        "cannottell",
        "canttell",
        "icanttell",
        "icannottell",
        "cannotsay",
        "cantsay",
        "hardtosay",
        "hardtotell",
    ),
    *(
        "cannotdetermine",
        "cannotbedetermined",
        "cannotanswer",
        "cannotdecide",
        "cantdecide",
        "indeterminate",
    ),
    *(
        "skip",
        "skipped",
        "refused",
        "refusal",
        "noanswer",
        "noresponse",
        "noopinion",
        "prefernottosay",
    ),
    *(
        "notapplicable",
        "notavailable",
        "notlabeled",
        "notlabelled",
        "unanswered",
        "unannotated",
        "tbd",
    ),
}


# What questionnaires, networks (-100 is no target) and casts (255 is -1 as a byte) write for "nothing".
NUMBERS_FOR_NO_VOTE = {
    *(-9, -8, -7, -99, -98, -97, -100, -999, -9999, 9, 88, 97, 98, 99, 888, 998, 999, 9999),
    *(2**8 - 1, 2**16 - 1, 2**32 - 1, 2**64 - 1, -(2**15), -(2**31), -(2**63)),
}


# Among more numbers than this, one more is a number as others are.
FEW_NUMBERS = 20


def spelling(text: str) -> str:
    """What all spellings of a label share: without case, blanks, quotes, stars, final punctuation, invisible signs.

    Parameters
    ----------
    text : str

    Returns
    -------
    key : str
        Equal for texts that differ in spelling only; numbers in one form ("1.0" as "1").
    """
    visible = "".join(c for c in unicodedata.normalize("NFKC", text) if _is_visible(c))
    words = re.sub(r"(?<=\w)[\s_-]+(?=\w)|\s+", " ", visible.casefold()).strip()
    bare = _unwrapped(words) or words
    number = as_number(bare)
    return bare if number is None else str(number)


def as_number(text: str) -> int | float | None:
    """The number that a text is; None for other texts, "nan" and "inf" among them."""
    if not re.fullmatch(r"[+-]?\d+(\.\d*)?", text):
        return None
    whole, _, fraction = text.partition(".")
    return float(text) if fraction.strip("0") else int(whole)


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in ("Cf", "Cc") or character.isspace()


def _unwrapped(text: str) -> str:
    """Without quotes, brackets and Markdown around, and without final punctuation."""
    start, stop = 0, len(text)
    while start < stop and _wraps(text[start]):
        start += 1
    while start < stop and _wraps(text[stop - 1]):
        stop -= 1
    return text[start:stop].strip()


def _wraps(character: str) -> bool:
    return (
        character in WRAPPING
        or character.isspace()
        or unicodedata.category(character) in ("Pi", "Pf")
    )


def marks(labels: Iterable[object]) -> list[object]:
    """Those of some labels that look like a mark for "no vote".

    Parameters
    ----------
    labels : iterable of str, int or float
        All of one kind, distinct.

    Returns
    -------
    marks : list
        In the order of the labels: words such as "unsure" or "n/a", and numbers such as 99 that stand apart from few
        others.
    """
    listed = list(labels)
    numbers = {label: _number_of(label) for label in listed}
    apart = _apart({number for number in numbers.values() if number is not None})
    lone = sum(number is not None for number in numbers.values()) == 1 and len(listed) > 2
    plus = any(isinstance(label, str) and label.strip() == "+" for label in listed)
    return [
        label
        for label in listed
        if numbers[label] in apart
        or (isinstance(label, str) and _is_mark(label, lone, numbers[label], plus))
    ]


def _number_of(label: object) -> int | float | None:
    if isinstance(label, str):
        return as_number(label.strip())
    return None if isinstance(label, bool) else label  # type: ignore[return-value]


def _is_mark(text: str, lone: bool, number: int | float | None, plus: bool) -> bool:
    """Whether a label is a word for "no vote", a blank, a sign, or the one number among words."""
    if number is not None:
        return lone or number == -1
    return is_word_for_no_vote(text) and not (plus and text.strip() == "-")


def is_word_for_no_vote(text: str) -> bool:
    """Whether a text by itself means "no vote": a blank, a sign such as "-", or a word such as "unsure"."""
    return is_sign(text) or re.sub(r"[\W_]+", "", spelling(text)) in WORDS_FOR_NO_VOTE


def is_sign(text: str) -> bool:
    """Whether a text holds no word: a blank, signs such as "-" or "?", or what software writes for nothing ("nan")."""
    visible = spelling(text)
    return set(visible) <= SMALL_SIGNS or visible in ("nan", "nat", "<na>", "null", "n/a", "#n/a")


def _apart(numbers: set[int | float]) -> set[int | float]:
    """Numbers known as marks that stand farther from all others than the others do from each other."""
    found = numbers & NUMBERS_FOR_NO_VOTE
    others = sorted(numbers - found)
    if not found or not 1 <= len(others) <= FEW_NUMBERS:
        return set()
    # Two digits may be two classes.
    widest = max((after - before for before, after in pairwise(others)), default=9)
    return {mark for mark in found if min(abs(mark - other) for other in others) > max(widest, 1)}
