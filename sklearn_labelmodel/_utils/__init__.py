"""Warnings at the user's line, values as users wrote them, rows in one order, random states of their own."""

from __future__ import annotations

import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.base import BaseEstimator


def plain(value: object) -> Any:
    """A NumPy scalar as the Python value that users wrote."""
    return value.item() if isinstance(value, np.generic) else value


def as_objects(cells: Iterable[object]) -> NDArray[np.object_]:
    """Python objects as a one-dimensional array, also where they are tuples or lists."""
    listed = list(cells)
    return np.fromiter(listed, dtype=object, count=len(listed))


def largest_exact(dtype: np.dtype[np.floating]) -> float:
    """The whole number from which on floats of a dtype are rounded."""
    return float(2.0 ** (np.finfo(dtype).nmant + 1))


def kind_of(value: object) -> str:
    """What a value is, such as "a list", "an int" or "an ndarray"."""
    name = type(value).__name__
    return f"{'an' if name[0] in 'AEIOaeio' or name.startswith('nd') else 'a'} {name}"


LONGEST_QUOTE = 80


def quoted(value: object) -> str:
    """A value as users wrote it; of a long one the first 80 characters, and a word for one that cannot be shown.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_labelmodel._utils import quoted
    >>> quoted("spam"), quoted(np.float64(0.5)), len(quoted("spam" * 99))
    ("'spam'", '0.5', 80)
    """
    value = plain(value)
    try:
        text = repr(value[:LONGEST_QUOTE] if isinstance(value, str | bytes) else value)
    except Exception:
        return f"(one that cannot be shown, of type {type(value).__name__})"
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 3]}..."


def message_of(error: BaseException) -> str:
    """What an error says, nothing where it cannot."""
    try:
        return str(error)
    except Exception:
        return ""


def is_comparable(value: object) -> bool:
    """Whether a value can be looked up: its methods for hashes and for comparison work."""
    try:
        hash(value)
        value == value  # noqa: B015
    except Exception:
        return False
    return True


def listed(words: Sequence[str], at_most: int) -> str:
    """Words with commas between; of more than `at_most` the first, and how many more there are."""
    more = len(words) - at_most
    return ", ".join(words[:at_most]) + (f" and {more} more" if more > 0 else "")


def listed_values(values: NDArray[Any] | Sequence[object], at_most: int = 10) -> str:
    """Values in brackets; of more than `at_most` the first, and how many there are."""
    shown = ", ".join(quoted(value) for value in values[:at_most])
    return f"[{shown}]" if len(values) <= at_most else f"[{shown}, ... {len(values)} in all]"


def check_row_order(**given: object) -> None:
    """Raise a ValueError where two of some inputs have the same index in another order.

    Inputs without an index, or with other labels, are read by position.

    Parameters
    ----------
    **given : array-like or None
        Each input under the name that the user knows, such as ``L=L, y=y``.
    """
    indexed = {name: _index_of(data) for name, data in given.items()}
    named = [(name, index) for name, index in indexed.items() if index is not None]
    for (first, order), (name, index) in combinations(named, 2):
        if _is_shuffled(order, index):
            row = next(
                i for i, (one, other) in enumerate(zip(order, index, strict=True)) if one != other
            )
            raise ValueError(
                f"{first} and {name} have the same index in another order (row {row} is {quoted(plain(order[row]))} in "
                f"{first} and {quoted(plain(index[row]))} in {name}), and rows are matched by position. Pass "
                f"{name}.loc[{first}.index]; or {name}.to_numpy(), if row i of both is the same record."
            )


def _index_of(data: object) -> pd.Index | None:
    """The index of a pandas object (a list, too, has a method of this name)."""
    index = getattr(data, "index", None)
    return index if hasattr(index, "get_indexer") else None


def _is_shuffled(one: pd.Index, other: pd.Index) -> bool:
    if len(one) != len(other) or one.equals(other):
        return False
    if one.is_unique and other.is_unique:
        return bool((one.get_indexer(other) >= 0).all())
    return Counter(one.tolist()) == Counter(other.tolist())


# Probabilities no further apart are equal.
TIE = 1e-9
OWN_MODULES = ("sklearn_labelmodel", "sklearn", "joblib")
Warned = tuple[str, type[Warning]]
_KEPT: ContextVar[list[Warned] | None] = ContextVar("_KEPT", default=None)


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the nearest line outside this package, scikit-learn and joblib; inside `kept_warnings` later."""
    kept = _KEPT.get()
    if kept is not None:
        kept.append((message, category))
        return
    frame, level = sys._getframe(1), 2
    while frame.f_back and frame.f_globals.get("__name__", "").split(".")[0] in OWN_MODULES:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


@contextmanager
def kept_warnings() -> Iterator[list[Warned]]:
    """Keep what `warn_user` is called with in the body, to be said where the user's line is: not in another thread."""
    kept: list[Warned] = []
    token = _KEPT.set(kept)
    try:
        yield kept
    finally:
        _KEPT.reset(token)


def without_row(message: str) -> str:
    """A message about a vote without the row beside the LF's name, so that it is one for all rows.

    Examples
    --------
    >>> from sklearn_labelmodel._utils import without_row
    >>> without_row("LF 'a', row 12: the vote 0.5 is fractional.")
    "LF 'a': the vote 0.5 is fractional."
    """
    return re.sub(r", row \d+(?=: )", "", message, count=1)


def callers() -> set[str]:
    """The functions being called, from here to the program's start, each as "module.function"."""
    frame, names = sys._getframe(1), set()
    while frame:
        names.add(f"{frame.f_globals.get('__name__', '')}.{frame.f_code.co_name}")
        frame = frame.f_back  # type: ignore[assignment]
    return names


def random_state_of(random_state: int | np.random.RandomState | None) -> np.random.RandomState:
    """As scikit-learn's `check_random_state`, but None never means NumPy's global generator.

    Parameters
    ----------
    random_state : int, RandomState instance or None
        None draws a seed from the operating system.

    Raises
    ------
    ValueError
        What seeds no generator.
    """
    # Late, so that the command can tell wrong usage in no time.
    from sklearn.utils import check_random_state

    return np.random.RandomState() if random_state is None else check_random_state(random_state)


@contextmanager
def unchanged_on_error(estimator: BaseEstimator) -> Iterator[None]:
    """Leave the estimator as it was, fitted or not, if the body raises."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
