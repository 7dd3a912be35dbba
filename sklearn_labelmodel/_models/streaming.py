"""Rows that come a part at a time."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._utils import listed_values, warn_user
from .._votes.containers import check_lf_names
from .._votes.statistics import VoteStatistics
from .reading import check_width, count_block


class Counting(NamedTuple):
    """What `partial_fit` counted so far, and the classes that it was given with the first rows."""

    statistics: VoteStatistics
    classes: NDArray[Any] | None


def counting_of(L: Any) -> Counting | None:
    """What `fit` keeps for `partial_fit` to add to: statistics, where it was given some."""
    return Counting(L, None) if isinstance(L, VoteStatistics) else None


def count_more(model: Any, L: Any, y: Any, classes: Any, sample_weight: Any) -> Counting:
    """The counts of all rows that `partial_fit` was given.

    Parameters
    ----------
    model : label model
    L, y, classes, sample_weight
        As `partial_fit` takes them.
    """
    before: Counting | None = getattr(model, "_counting", None)
    given = None if classes is None else np.unique(np.asarray(classes))
    if before is None:
        if model.__sklearn_is_fitted__():
            warn_user(
                "`fit` keeps no counts that more rows could be added to: partial_fit starts anew. To add rows to those "
                "of a fit, begin with partial_fit, or fit VoteStatistics(L, y)."
            )
        return Counting(count_block(model, L, y, sample_weight), given)
    if given is not None:
        _check_same_classes(before.classes, given)
    check_lf_names(model, L)
    check_width(L, before.statistics.n_lfs, model)
    return before._replace(statistics=before.statistics + count_block(model, L, y, sample_weight))


def _check_same_classes(before: NDArray[Any] | None, now: NDArray[Any]) -> None:
    if before is None or before.tolist() != now.tolist():
        first = "none" if before is None else listed_values(before)
        raise ValueError(
            f"partial_fit was given the classes {listed_values(now)}, and at its first call {first}. Give the same, or "
            "leave them out after the first call."
        )
