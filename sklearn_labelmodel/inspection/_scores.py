"""What bins of scores turned out to mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._votes.scores import is_bin
from ._fitted import FittedModel

if TYPE_CHECKING:
    import pandas as pd


def score_summary(label_model: FittedModel) -> pd.DataFrame:
    """What the scores of each column turned out to mean.

    Parameters
    ----------
    label_model : LabelModelClassifier or DawidSkeneClassifier
        Fitted with `scores`.

    Returns
    -------
    summary : DataFrame
        A row for each bin, indexed by column and scores ("6 to 8"), lowest first. Its columns are

        - share (float): the bin's share of the scores of its column in `fit`.
        - a column for each class: its probability in [0, 1] for a row that has this score alone, were all classes
          equally frequent and rows not tempered. Where it falls as scores rise, the column speaks against its class.

    Raises
    ------
    ValueError
        The label model was fitted without scores.
    NotFittedError
        It was not fitted.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_labelmodel import LabelModelClassifier
    >>> from sklearn_labelmodel.inspection import score_summary
    >>> rng = np.random.RandomState(0)
    >>> y = rng.randint(2, size=1000)
    >>> ratings = np.clip(np.round(4 + 2 * y[:, None] + 2 * rng.randn(1000, 5)), 0, 9)
    >>> model = LabelModelClassifier(classes=["no", "yes"], scores="all").fit(ratings)
    >>> score_summary(model).loc[0].round(2)  # doctest: +NORMALIZE_WHITESPACE
            share    no   yes
    scores
    0 to 3   0.24  0.71  0.29
    4 to 5   0.33  0.57  0.43
    6        0.18  0.39  0.61
    7 to 9   0.25  0.29  0.71
    """
    import pandas as pd

    check_is_fitted(label_model)
    scored, table = label_model._scores, label_model.vote_model_.table
    of_symbols = label_model._kept.frequency
    if scored is None or of_symbols is None:
        raise ValueError(
            "The label model was fitted without scores; name their columns in `scores`."
        )
    bins = np.flatnonzero(is_bin(table.vote))
    lf, frequency = table.lf[bins], of_symbols[bins]
    names = getattr(label_model, "feature_names_in_", np.arange(len(table.joint)))
    words = [scored.words(j, vote) for j, vote in zip(lf.tolist(), table.vote[bins], strict=True)]
    odds = np.exp(table.log_p[bins] - table.log_p[bins].max(axis=1, keepdims=True))
    share = frequency / np.bincount(lf, frequency)[lf]
    index = pd.MultiIndex.from_arrays([[names[j] for j in lf], words], names=["lf", "scores"])
    proba = pd.DataFrame(
        odds / odds.sum(axis=1, keepdims=True), index, label_model.classes_.tolist()
    )
    return pd.concat([pd.Series(share, index, name="share"), proba], axis=1)
