"""Spellings of one label, and values that look like a mark for "no vote"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

# In shorter words, a letter makes another word.
LEAST_LETTERS = 4
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
ENCLOSING, FINAL = "'\"`*_~()[]{} ", ".,;:!?\u3002"

# Signs that stand for each other beyond what Unicode's compatibility forms unite, and what may enclose an answer.
ALIKE = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\xab\xbb", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
)


def spelling(text: str) -> str:
    """A label in one spelling, so that answers of one meaning mostly are one text.

    Case, blanks, quotes, brackets and Markdown's signs around it, final punctuation, Unicode's compatibility forms,
    typographic quotes and dashes, and signs without a width do not count; "_" and "-" within are blanks, and numbers
    have no more digits than they need. Of a text of such signs alone, only what is invisible goes.

    Parameters
    ----------
    text : str

    Returns
    -------
    spelled : str
        Spelled again, it stays as it is.

    Examples
    --------
    >>> from sklearn_labelmodel._utils.spelling import spelling
    >>> [spelling(text) for text in ["**Not  Spam.**", '"not_spam"', "1.0", "(1)", "*"]]
    ['not spam', 'not spam', '1', '1', '*']
    """
    before = None
    while text != before:
        before, text = text, _bare(_visible(text))
    return text


def _visible(text: str) -> str:
    """In small letters and in Unicode's compatibility form, single blanks between words."""
    text = unicodedata.normalize("NFKC", text).casefold().translate(ALIKE)
    text = "".join(sign for sign in text if not _has_no_width(sign))
    return re.sub(r"(?<=\w)[\s_-]+(?=\w)|\s+", " ", text).strip()


def _has_no_width(sign: str) -> bool:
    """Whether a sign is one of format or control (no blank), or chooses the variant of the sign before it."""
    formats = unicodedata.category(sign) in ("Cf", "Cc") and not sign.isspace()
    return formats or "\ufe00" <= sign <= "\ufe0f"


def _bare(text: str) -> str:
    """Without what encloses it and final punctuation, numbers without needless digits."""
    bare = text.strip(ENCLOSING).rstrip(FINAL + ENCLOSING)
    number = re.fullmatch(r"\+?(-?)0*(\d+)(\.\d+)?", bare)
    if number:
        sign, whole, fraction = number.groups(default="")
        return sign + whole + fraction.rstrip("0").rstrip(".")
    return bare or text


def as_number(text: str) -> int | float | None:
    """The number that a text is; None for other texts, "nan" and "inf" among them."""
    if not re.fullmatch(r"[+-]?\d+(\.\d*)?", text):
        return None
    whole, _, fraction = text.partition(".")
    return float(text) if fraction.strip("0") else int(whole)


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


def one_slip_apart(one: str, other: str) -> bool:
    """Whether two texts differ in one word by a letter, or by two neighbouring letters that changed places.

    Examples
    --------
    >>> from sklearn_labelmodel._utils.spelling import one_slip_apart
    >>> one_slip_apart("spma", "spam"), one_slip_apart("very positve", "very positive")
    (True, True)
    >>> one_slip_apart("level a", "level b"), one_slip_apart("class1", "class2")
    (False, False)
    """
    start = _n_alike(one, other)
    end = _n_alike(one[start:][::-1], other[start:][::-1])
    here, there = one[start : len(one) - end], other[start : len(other) - end]
    swapped = len(here) == 2 and here == there[::-1]
    if not (swapped or max(len(here), len(there)) == 1) or not (here + there).isalpha():
        return False
    before, after = one[:start], one[len(one) - end :]
    return _letters(before[::-1]) + max(len(here), len(there)) + _letters(after) >= LEAST_LETTERS


def _n_alike(one: str, other: str) -> int:
    """How many signs two texts start with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (here, there) in pairs if here != there), min(len(one), len(other)))


def _letters(text: str) -> int:
    """How many letters a text starts with."""
    return next((at for at, sign in enumerate(text) if not sign.isalpha()), len(text))
