"""What every match of a regular expression contains, and searches that end in time.

Looking for what matches contain passes over texts that cannot match several times faster than `re` does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from re import _parser as regex_parser  # type: ignore[attr-defined]
from typing import Any

# Looking for more strings than this takes as long as the regular expression itself.
_MOST_LITERALS = 8
# Flags have other numbers in the package regex.
_FLAGS = ("ASCII", "IGNORECASE", "MULTILINE", "DOTALL", "VERBOSE")


def limited_search(pattern: re.Pattern[str], timeout: float) -> Callable[[str], object]:
    """Return a search of texts for a pattern that raises a TimeoutError after so many seconds.

    Raises
    ------
    ImportError
        The package regex is not installed.
    ValueError
        A pattern that re reads and regex does not.
    """
    try:
        import regex
    except ImportError as error:
        raise ImportError(
            "timeout of a RegexLF needs the package regex: pip install 'regex>=2024.4.16'."
        ) from error
    flags = [getattr(regex, name) for name in _FLAGS if pattern.flags & getattr(re, name)]
    try:
        compiled = regex.compile(pattern.pattern, sum(flags))
    except regex.error as error:
        raise ValueError(str(error)) from error
    return partial(compiled.search, timeout=timeout)


@lru_cache(maxsize=256)
def required_literals(pattern: re.Pattern[str]) -> frozenset[str] | None:
    """Return strings of which every match contains at least one.

    Parameters
    ----------
    pattern : re.Pattern of a str

    Returns
    -------
    literals : frozenset of str, or None
        Lower case and ASCII if the pattern ignores case: then they say nothing of texts that are
        not ASCII. None if none are known, or none that would help.
    """
    literals = _of_sequence(regex_parser.parse(pattern.pattern, pattern.flags))
    if literals is None or not 0 < len(literals) <= _MOST_LITERALS:
        return None
    if pattern.flags & re.IGNORECASE:
        literals = frozenset(literal.lower() for literal in literals)
        # An ASCII letter may match a letter that is not ASCII, and the other way round.
        if not all(literal.isascii() for literal in literals):
            return None
    return literals if min(map(len, literals)) > 1 else None


@lru_cache(maxsize=256)
def required_characters(pattern: re.Pattern[str]) -> re.Pattern[str] | None:
    """Return a pattern of one character that every match contains.

    Parameters
    ----------
    pattern : re.Pattern of a str

    Returns
    -------
    characters : re.Pattern or None
        A set of digits and punctuation. None if no such set is known; letters are in too many
        texts to help.
    """
    for operation, argument in regex_parser.parse(pattern.pattern, pattern.flags):
        items, least = argument, 1
        if str(operation).endswith("_REPEAT"):
            least, _, repeated = argument
            operation, items = repeated[0] if len(repeated) == 1 else ("", None)
        members = [_member(*item) for item in items] if str(operation) == "IN" else [None]
        if least > 0 and None not in members:
            return re.compile(f"[{''.join(map(str, members))}]")
    return None


def _member(operation: object, argument: Any) -> str | None:
    """Return an item of a set of characters as it is written, None if it has letters or more."""
    if str(operation) == "CATEGORY" and str(argument) == "CATEGORY_DIGIT":
        return r"\d"
    if str(operation) not in ("LITERAL", "RANGE"):
        return None
    least, most = (argument, argument) if str(operation) == "LITERAL" else argument
    characters = [chr(code) for code in range(least, min(most, 128) + 1)]
    if most > 127 or any(character.isalpha() for character in characters):
        return None
    return "".join(map(re.escape, characters))


def _of_sequence(items: Iterable[tuple[Any, Any]]) -> frozenset[str] | None:
    """Choose the most telling of what the items of a sequence require."""
    choices: list[frozenset[str]] = []
    run = ""
    for operation, argument in items:
        if str(operation) == "LITERAL":
            run += chr(argument)
            continue
        if str(operation) != "AT":
            choices.append(frozenset([run]))
            run = ""
            required = _of_item(str(operation), argument)
            if required is not None:
                choices.append(required)
    choices.append(frozenset([run]))
    best = max(choices, key=lambda literals: (min(map(len, literals)), -len(literals)))
    return None if "" in best else best


def _of_item(operation: str, argument: Any) -> frozenset[str] | None:
    if operation == "BRANCH":
        required = [_of_sequence(items) for items in argument[1]]
        known = [literals for literals in required if literals is not None]
        return frozenset().union(*known) if len(known) == len(required) else None
    if operation == "SUBPATTERN":
        _, flags_on, flags_off, items = argument
        return None if (flags_on | flags_off) & re.IGNORECASE else _of_sequence(items)
    if operation == "ATOMIC_GROUP":
        return _of_sequence(argument)
    if operation.endswith("_REPEAT"):
        least, _, items = argument
        return _of_sequence(items) if least > 0 else None
    return None
