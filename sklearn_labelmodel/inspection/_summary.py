"""Tables of what labeling functions do, and of what their scores turned out to mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import softmax
from sklearn.utils.validation import check_is_fitted

from .._votes.codes import is_bin
from ._fitted import FittedModel, learned_accuracies
from ._lf_counts import count_lfs, lf_names, read_inspected

if TYPE_CHECKING:
    import pandas as pd

    from .._utils.types import LabelsLike, Marker, ScoreColumns, VoteMatrix


def lf_summary(
    L: VoteMatrix,
    y: LabelsLike | None = None,
    label_model: FittedModel | None = None,
    abstain: Marker = -1,
    scores: ScoreColumns | None = None,
) -> pd.DataFrame:
    """Describe every labeling function (LF): what it votes for, how often, and how well.

    Parameters
    ----------
    L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)
        Votes, as `LabelModelClassifier.fit` takes them.
    y : array-like of shape (n_samples,), default=None
        Gold labels of all or some rows; -1 or a missing value marks a row without one.
    label_model : LabelModelClassifier, default=None
        A fitted label model, for what it has learned of the LFs. Its abstain marker and classes hold.
    abstain : int, float, str, list of these or None, default=-1
        The vote that means "no vote", or several, as every missing value does; used without a label_model.
    scores : "all", list or mask of columns, or dict of column to class, default=None
        Columns of L that hold scores, as in `LabelModelClassifier`; a score counts as a vote for the class that its
        rank leans to. Used without a label_model.

    Returns
    -------
    summary : DataFrame of n_lfs rows
        It shows bars, in a notebook and in print; what is computed from it is an ordinary DataFrame. Indexed by LF
        name (the columns of L, or of what the label model was fitted on), or by column number where there are no names.
        Its columns are

        - j (int): the LF's column in L.
        - polarity (list): the distinct votes of the LF, sorted.
        - coverage (float): share of all rows in which it votes.
        - overlaps (float): share of all rows in which it and another LF vote.
        - conflicts (float): share of all rows in which it votes and another LF votes differently.

        with y, over the labelled rows,

        - correct, incorrect (int): its votes that are the gold label, and that are not; of votes that leave several
          classes open (`vote_meanings` of the label model), those that leave open the right one, and those that do not.
        - empirical_accuracy (float): correct / (correct + incorrect); NaN where it does not vote on any.

        with a label model,

        - learned_accuracy (float): `lf_accuracies_`; NaN for an LF that never voted in `fit`.

        and with both

        - difference (float): learned_accuracy - empirical_accuracy.

    Raises
    ------
    ValueError
        Votes or labels that `fit` would refuse, or not the LFs that the label model was fitted with.
    TypeError
        A vote that is neither number nor string; a label_model that is none.
    NotFittedError
        The label_model was not fitted.

    Notes
    -----
    The numbers are those of Snorkel's `LFAnalysis.lf_summary`, except that Snorkel writes an accuracy of 0 for an
    LF without votes, and counts votes on unlabelled rows as wrong in its accuracy.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_labelmodel.inspection import lf_summary
    >>> L = pd.DataFrame({"link": [1, 1, -1, -1], "short": [0, -1, 0, -1], "caps": [1, -1, -1, -1]})
    >>> lf_summary(L, y=[1, 1, 1, 0]).drop(columns=["j", "polarity"])  # doctest: +NORMALIZE_WHITESPACE
           coverage  overlaps  conflicts  correct  incorrect  empirical_accuracy
    lf
    link       0.50      0.25       0.25        2          0                 1.0
    short      0.50      0.25       0.25        0          2                 0.0
    caps       0.25      0.25       0.25        1          0                 1.0
    """
    import pandas as pd

    from ._page.frames import Summary

    votes, gold = read_inspected(L, y, label_model, abstain, scores)
    counts = count_lfs(votes, gold, label_model)
    columns: dict[str, Any] = {
        "j": np.arange(votes.n_lfs),
        "polarity": [votes.values[said].tolist() for said in counts.said],
        "coverage": counts.votes / votes.n_samples,
        "overlaps": counts.overlaps / votes.n_samples,
        "conflicts": counts.conflicts / votes.n_samples,
    }
    if y is not None:
        columns |= {"correct": counts.correct, "incorrect": counts.incorrect}
        with np.errstate(invalid="ignore"):
            columns["empirical_accuracy"] = counts.correct / (counts.correct + counts.incorrect)
    if label_model is not None:
        columns["learned_accuracy"] = learned_accuracies(label_model.vote_model_)
    if y is not None and label_model is not None:
        columns["difference"] = columns["learned_accuracy"] - columns["empirical_accuracy"]
    # Names that are tuples, of two-level columns, stay names: pandas would make levels of them.
    index = pd.Index(lf_names(votes), name="lf", tupleize_cols=False)
    return Summary(columns, index=index)


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
    proba = softmax(table.log_p[bins], axis=1)
    share = frequency / np.bincount(lf, frequency)[lf]
    index = pd.MultiIndex.from_arrays([[names[j] for j in lf], words], names=["lf", "scores"])
    of_classes = pd.DataFrame(proba, index, label_model.classes_.tolist())
    return pd.concat([pd.Series(share, index, name="share"), of_classes], axis=1)
