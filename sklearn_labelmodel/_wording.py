"""Values and names as messages show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def plain(value: Any) -> Any:
    """A NumPy scalar as the Python value that users wrote."""
    return value.item() if isinstance(value, np.generic) else value


def listed(words: Sequence[str], at_most: int) -> str:
    """Words with commas between; of more than `at_most` the first, and how many more there are."""
    more = len(words) - at_most
    return ", ".join(words[:at_most]) + (f" and {more} more" if more > 0 else "")


def listed_values(values: NDArray[Any], at_most: int = 10) -> str:
    """Values in brackets; of more than `at_most` the first, and how many there are."""
    shown = ", ".join(repr(value) for value in values[:at_most].tolist())
    return f"[{shown}]" if len(values) <= at_most else f"[{shown}, ... {len(values)} in all]"
