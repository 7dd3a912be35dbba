"""Where the votes on records come from: a labeler, or columns among the records."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

import numpy as np

from .._utils import listed_values, quoted

if TYPE_CHECKING:
    from .._utils.types import RecordsLike, Transformer, VoteColumns, VoteMatrix


def fit_transform(labeler: Transformer, X: RecordsLike) -> VoteMatrix:
    """Votes of a labeler, which need not have a method fit_transform."""
    if hasattr(labeler, "fit_transform"):
        return labeler.fit_transform(X)
    return labeler.fit(X).transform(X)


def with_names(L: VoteMatrix, labeler: Transformer) -> VoteMatrix:
    """A dense array of votes as a DataFrame with the labeler's names, for messages and summaries."""
    if not isinstance(L, np.ndarray) or L.ndim != 2:
        return L
    if not hasattr(labeler, "get_feature_names_out"):
        return L
    import pandas as pd

    return pd.DataFrame(L, columns=labeler.get_feature_names_out())


def resolve_vote_columns(
    X: RecordsLike,
    vote_columns: VoteColumns,
) -> list[Hashable]:
    """Names of the columns of X that hold votes, as given or as a function of X returns them."""
    if not hasattr(X, "columns"):
        raise ValueError(
            f"vote_columns names columns of a DataFrame, and X is a {type(X).__name__}. Pass the votes themselves "
            "instead: fit(X, L=votes)."
        )
    names = list(vote_columns(X)) if callable(vote_columns) else list(vote_columns)
    there = list(X.columns)
    missing = [name for name in names if name not in there]
    if missing or not names:
        fault = (
            f"names {quoted(missing[0])}, which is no column of X"
            if missing
            else "names no column of X"
        )
        raise ValueError(f"vote_columns {fault}. The columns are {listed_values(there)}.")
    return names
