"""Labeling functions that vote by what a text contains."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Iterable
from itertools import compress, groupby
from typing import Any

import numpy as np

from .._utils import quoted
from ._base import ReadyMadeLF
from ._records import LabelingFunctionError, Records, Texts
from ._regex import limited_search, required_characters, required_literals


class RegexLF(ReadyMadeLF):
    """Vote for a label where a regular expression is found in a text.

    Missing texts abstain.

    Parameters
    ----------
    pattern : str or re.Pattern
        Searched for anywhere in the text, with `re.search`.
    label : int, float, bool or str
        The class voted for.
    column : hashable or None, default=None
        The texts' column, by name or position. None for one-dimensional records and for tables of
        one column.
    flags : int, default=0
        Such as `re.IGNORECASE`.
    timeout : float or None, default=None
        Seconds that the search in one text may take, positive; then the package `regex` searches. None: no
        limit. A pattern such as "(a|aa)+$" can take years for a text made to that end, so that texts of strangers
        need a limit, or patterns without repetitions within repetitions.
    name : str or None, default=None
        None makes one of the column and the pattern.

    Raises
    ------
    LabelingFunctionError
        If the pattern is invalid, the column is missing, a value is no string and not missing, or
        the search in a text takes longer than `timeout`.
    ImportError
        With `timeout`, if regex is not installed.

    Examples
    --------
    >>> from sklearn_labelmodel.labeling import RegexLF
    >>> RegexLF(r"https?://", label="spam")(["see http://a.b", "lovely", None])
    array(['spam', None, None], dtype=object)
    """

    def __init__(
        self,
        pattern: str | re.Pattern[str],
        label: Hashable,
        *,
        column: Hashable = None,
        flags: int = 0,
        timeout: float | None = None,
        name: str | None = None,
    ) -> None:
        self.pattern = pattern
        self.label = label
        self.column = column
        self.flags = flags
        self.timeout = timeout
        self.name = name

    def _described(self) -> str:
        return f"regex_{self.column_part()}{getattr(self.pattern, 'pattern', self.pattern)}"

    def vote(self, records: Records) -> np.ndarray:
        pattern = self._compiled()
        texts = records.texts(self.column, self.reader)
        candidates = texts.present & _may_match(texts, pattern)
        if self.timeout is None:
            return self.vote_where(_found_in(texts.values, candidates, pattern), self.label)
        search = self._limited(pattern, self.timeout)
        found, too_slow = _found_in_time(texts.values, candidates, search)
        if too_slow.any():
            raise self._too_slow(too_slow, records)
        return self.vote_where(found, self.label)

    def _limited(self, pattern: re.Pattern[str], timeout: float) -> Callable[[str], object]:
        if not isinstance(timeout, int | float) or not timeout > 0:
            raise self.refusal(f"timeout is a number of seconds above 0, not {quoted(timeout)}.")
        try:
            return limited_search(pattern, timeout)
        except ValueError as error:
            raise self.refusal(
                f"the package regex, which keeps the timeout, does not read {quoted(pattern.pattern)}: {error}"
            ) from error

    def _too_slow(self, rows: np.ndarray, records: Records) -> LabelingFunctionError:
        first = int(np.flatnonzero(rows)[0])
        return LabelingFunctionError(
            f"{self.reader} searches longer than timeout={self.timeout:g} seconds in {records.where(first)}; such "
            f"rows: {int(rows.sum())}. Give a pattern without repetitions within repetitions, or "
            "LabelingFunctions(..., on_error='abstain').",
            rows,
        )

    def _compiled(self) -> re.Pattern[str]:
        if isinstance(getattr(self.pattern, "pattern", self.pattern), bytes):
            raise self.refusal(
                f"the pattern {quoted(self.pattern)} is of bytes; texts need a string."
            )
        try:
            return re.compile(self.pattern, self.flags)
        except (re.error, TypeError, ValueError) as error:
            raise self.refusal(
                f"the pattern {quoted(self.pattern)} does not compile: {error}"
            ) from error


class KeywordLF(ReadyMadeLF):
    """Vote for a label where a text contains one of some words or phrases.

    Missing texts abstain.

    Parameters
    ----------
    words : str or list, set or array of str
        A string is one word or phrase. Blanks in phrases are matched as they are. Some words are
        found fastest, but thousands cost little more.
    label : int, float, bool or str
        The class voted for.
    column : hashable or None, default=None
        The texts' column, by name or position. None for one-dimensional records and for tables of
        one column.
    case_sensitive : bool, default=False
        Whether capitals matter. If not, both sides are compared as `str.casefold` makes them.
    word_boundaries : bool, default=True
        True: "art" is not found in "party". Where a word begins or ends with a character that is
        no letter, digit or underscore ("c++"), anything may stand on that side.
    name : str or None, default=None
        None makes one of the column and the first words.

    Raises
    ------
    LabelingFunctionError
        If there are no words or an empty one, the column is missing, or a value is neither a
        string nor missing.

    Examples
    --------
    >>> from sklearn_labelmodel.labeling import KeywordLF
    >>> KeywordLF(["free", "check out"], label=1)(["FREE beer", "freedom", "check out my song"])
    array([1, None, 1], dtype=object)
    """

    def __init__(
        self,
        words: str | Collection[str],
        label: Hashable,
        *,
        column: Hashable = None,
        case_sensitive: bool = False,
        word_boundaries: bool = True,
        name: str | None = None,
    ) -> None:
        self.words = words
        self.label = label
        self.column = column
        self.case_sensitive = case_sensitive
        self.word_boundaries = word_boundaries
        self.name = name

    def _described(self) -> str:
        words = list(map(str, self._listed_words()))
        more = f"_and_{len(words) - 3}_more" if len(words) > 3 else ""
        return f"keyword_{self.column_part()}{'_'.join(words[:3])}{more}"

    def vote(self, records: Records) -> np.ndarray:
        words = self._checked_words()
        texts = records.texts(self.column, self.reader)
        values = texts.values if self.case_sensitive else texts.casefolded
        pattern = re.compile(_any_word(words, self.word_boundaries))
        candidates = texts.present & _contains_any(values, required_literals(pattern))
        return self.vote_where(_found_in(values, candidates, pattern), self.label)

    def _checked_words(self) -> list[str]:
        words = self._listed_words()
        wrong = [word for word in words if not isinstance(word, str) or not word]
        if wrong or not words:
            found = (
                f"one is {quoted(wrong[0])}" if wrong else f"there are none in {quoted(self.words)}"
            )
            raise self.refusal(f"words is a list of strings that are not empty, but {found}.")
        return words if self.case_sensitive else [word.casefold() for word in words]

    def _listed_words(self) -> list[Any]:
        if isinstance(self.words, str):
            return [self.words]
        if isinstance(self.words, (set, frozenset)):
            # In an order that the name can rely on.
            return sorted(self.words, key=str)
        # A generator would be used up by the name.
        return list(self.words) if isinstance(self.words, Collection) else []


def _found_in(texts: list[str], candidates: np.ndarray, pattern: re.Pattern[str]) -> np.ndarray:
    """Mark those of the candidates in which the pattern is found."""
    search = pattern.search
    found = np.zeros(len(texts), dtype=bool)
    found[candidates] = [search(text) is not None for text in compress(texts, candidates.tolist())]
    return found


def _found_in_time(
    texts: list[str], candidates: np.ndarray, search: Callable[[str], object]
) -> tuple[np.ndarray, np.ndarray]:
    """Mark the candidates in which the pattern is found, and those of which the search takes too long."""
    found, too_slow = np.zeros((2, len(texts)), dtype=bool)
    for row in np.flatnonzero(candidates).tolist():
        try:
            found[row] = search(texts[row]) is not None
        except TimeoutError:
            too_slow[row] = True
    return found, too_slow


def _contains_any(texts: list[str], words: Iterable[str] | None) -> np.ndarray:
    """Mark the texts that contain a word; all if no words are known."""
    contains_any = np.full(len(texts), words is None)
    for word in words or ():
        contains_any |= np.fromiter([word in text for text in texts], bool, len(texts))
    return contains_any


def _may_match(texts: Texts, pattern: re.Pattern[str]) -> np.ndarray:
    """Mark texts that contain what each match must; the pattern need not be tried on the others."""
    literals = required_literals(pattern)
    characters = None if literals else required_characters(pattern)
    if characters is not None:
        return _found_in(texts.values, texts.present, characters)
    if literals is not None and pattern.flags & re.IGNORECASE:
        return _contains_any(texts.casefolded, literals) | ~texts.is_ascii
    return _contains_any(texts.values, literals)


def _any_word(words: list[str], word_boundaries: bool) -> str:
    """Return the pattern that finds any of the words."""
    if not word_boundaries:
        return _any_suffix(sorted(set(words)))
    by_edges = sorted({(_is_word(word[0]), _is_word(word[-1]), word) for word in words})
    alternatives = []
    for (starts, ends), group in groupby(by_edges, key=lambda item: item[:2]):
        before, after = r"\b" if starts else "", r"\b" if ends else ""
        alternatives.append(before + _any_suffix([word for *_, word in group]) + after)
    return "|".join(alternatives)


def _any_suffix(suffixes: list[str]) -> str:
    """Return a pattern that branches letter by letter, so that its time hardly grows with words.

    `suffixes` are sorted and unique.
    """
    if len(suffixes) == 1:
        return re.escape(suffixes[0])
    branches = [
        re.escape(letter) + _any_suffix([suffix[1:] for suffix in group])
        for letter, group in groupby(suffixes, key=lambda suffix: suffix[:1])
    ]
    return f"(?:{'|'.join(branches)})"


def _is_word(character: str) -> bool:
    return re.match(r"\w", character) is not None
