"""What the records are: texts or frames, with columns of votes or none; right diagnoses where they cannot be read."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
from sklearn.utils import get_tags, indexable

from .._utils import listed_values, quoted

if TYPE_CHECKING:
    from .._utils.types import Estimator, Frame, RecordsLike, Transformer, VoteColumns, VoteMatrix


def is_frame(records: RecordsLike) -> TypeGuard[Frame]:
    """Whether the records have columns with names."""
    return hasattr(records, "columns")


def check_not_one_text(records: RecordsLike) -> None:
    """Raise a ValueError where the records are one text, of which every character would be a record."""
    if isinstance(records, str | bytes):
        raise ValueError(
            f"X is one text, {quoted(records)}, and must hold records. Pass a list with one text: [text]."
        )


def check_default_reads(records: RecordsLike) -> None:
    """Raise a ValueError where the records are, or hold, texts, which the default estimator cannot read."""
    if is_frame(records):
        texts = [name for name in records.columns if _holds_text(records[name])]
        if texts:
            raise ValueError(
                f"Column {quoted(texts[0])} of X holds strings, which the default estimator, LogisticRegression, does "
                "not read. Pass one that does: estimator=make_pipeline(make_column_transformer((TfidfVectorizer(), "
                f"{quoted(texts[0])})), LogisticRegression()); for a column of categories, OneHotEncoder() and "
                f"[{quoted(texts[0])}]."
            )
    elif getattr(records, "ndim", 1) == 1 and _holds_text(indexable(records)[0]):
        raise ValueError(
            "X holds texts, which the default estimator, LogisticRegression, does not read. Pass one that does: "
            "estimator=make_pipeline(TfidfVectorizer(), LogisticRegression())."
        )


def check_not_column_names(estimator: Estimator, records: RecordsLike) -> None:
    """Raise a ValueError where a text vectorizer would read the names of a frame's columns as the texts."""
    first: Any = estimator.steps[0][1] if hasattr(estimator, "steps") else estimator
    if not is_frame(records) or not _reads_texts(first):
        return
    name, columns = type(first).__name__, list(records.columns)
    texts = [column for column in columns if _holds_text(records[column])] or columns
    raise ValueError(
        f"X is a DataFrame, of which {name} would read the column names as texts. Name the column that holds the "
        f"texts: make_pipeline(make_column_transformer(({name}(), {quoted(texts[0])})), ...); or pass that column "
        "alone as X."
    )


def _holds_text(values: Iterable[object]) -> bool:
    """Whether one of the first values is a string."""
    return any(isinstance(value, str) for value in islice(values, 100))


def _reads_texts(transformer: Transformer) -> bool:
    """Whether it takes one text a row: as its tags say, strings but no columns."""
    if not hasattr(transformer, "__sklearn_tags__") or not hasattr(transformer, "transform"):
        return False
    tags = get_tags(transformer).input_tags
    return bool(tags.string) and not tags.two_d_array


# Votes on records ---------------------------------------------------------------------------------


def with_names(L: VoteMatrix, labeler: Transformer) -> VoteMatrix:
    """A dense array of votes as a DataFrame with the labeler's names, for messages and summaries."""
    if not isinstance(L, np.ndarray) or L.ndim != 2:
        return L
    if not hasattr(labeler, "get_feature_names_out"):
        return L
    import pandas as pd

    return pd.DataFrame(L, columns=labeler.get_feature_names_out())


def resolve_vote_columns(X: RecordsLike, vote_columns: VoteColumns) -> list[Hashable]:
    """Names of the columns of X that hold votes, as given or as a function of X returns them."""
    if not is_frame(X):
        raise ValueError(
            f"vote_columns names columns of a DataFrame, and X is a {type(X).__name__}. Pass the votes themselves "
            "instead: fit(X, L=votes)."
        )
    names = list(vote_columns(X)) if callable(vote_columns) else list(vote_columns)
    there = list(X.columns)
    missing = [name for name in names if name not in there]
    if missing or not names:
        fault = f"{quoted(missing[0])}, which is no column of X" if missing else "no column of X"
        raise ValueError(f"vote_columns names {fault}. The columns are {listed_values(there)}.")
    return names
