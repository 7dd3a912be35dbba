"""What bins of scores turned out to mean, and what class each leans to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from .._evidence.lookup import find_symbols
from .._evidence.model import places_of
from .._votes.codes import ColumnVotes, SparseVotes, Votes, class_index
from .._votes.reader import values_of
from .._votes.scores import is_bin, no_bins
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


def leaning_class(
    label_model: FittedModel, lf: NDArray[np.intp], vote: NDArray[Any]
) -> NDArray[np.intp]:
    """The class that each symbol names, or is taken to lean to before anything is learned; n_classes for none.

    Parameters
    ----------
    label_model : fitted label model
    lf, vote : ndarray of shape (n_symbols,)
    """
    classes, meaning = label_model.vote_model_.classes, label_model._kept.meaning
    named = class_index(vote, classes)
    if meaning is None:
        return named
    place = places_of(lf, vote, label_model.vote_model_.table)
    nothing = np.full((1, len(classes)), 1 / len(classes))
    return leaning_of(np.vstack([meaning, nothing])[place], named)


def leaning_of(meaning: NDArray[np.float64], named: NDArray[np.intp]) -> NDArray[np.intp]:
    """The class that each symbol names, or is likeliest to mean; n_classes for none.

    Parameters
    ----------
    meaning : ndarray of shape (n_symbols, n_classes)
    named : ndarray of shape (n_symbols,)
        The class that each is the name of; n_classes for none.
    """
    n_classes = meaning.shape[1]
    alone = (meaning == meaning.max(axis=1, keepdims=True)).sum(axis=1) == 1
    leans = np.where(alone, meaning.argmax(axis=1), n_classes)
    return np.where((named == n_classes) & (n_classes > 1), leans, named)


def leaning_votes(votes: Votes, label_model: FittedModel) -> Votes:
    """The votes, in which a score is a vote for the class that it leans to, and abstains where there is none.

    Parameters
    ----------
    votes : ColumnVotes or SparseVotes
        As the label model reads them.
    label_model : fitted label model
    """
    if label_model._scores is None:
        return votes
    table = label_model.vote_model_.table
    leans = leaning_class(label_model, table.lf, table.vote)
    return as_leaning(votes, table.lf, table.vote, leans, label_model.classes_)


def as_leaning(
    votes: Votes,
    lf: NDArray[np.intp],
    vote: NDArray[Any],
    leans: NDArray[np.intp],
    labels: NDArray[Any],
) -> Votes:
    """The votes, in which a score is a vote for the class that its symbol leans to.

    Parameters
    ----------
    votes : ColumnVotes or SparseVotes
    lf, vote, leans : ndarray of shape (n_symbols,)
        Symbols, and the place of the class among `labels`.
    labels : ndarray of shape (n_classes,)
    """
    classes = labels.tolist()
    leans = np.append(leans, len(classes))
    leans = leans[find_symbols(votes, lf, vote)][:, : votes.n_codes]
    spoken = no_bins(votes.vote_values).tolist()
    values = values_of({*spoken, *classes})
    code_of = {value: code for code, value in enumerate(values.tolist())}
    of_class = np.array([*(code_of[label] for label in classes), len(values)])
    codes = np.where(is_bin(_padded(votes)), of_class[leans], 0)
    literal = [code_of.get(vote, len(values)) for vote in _padded(votes).tolist()]
    codes = np.where(is_bin(_padded(votes)), codes, literal).astype(np.min_scalar_type(len(values)))
    lfs = np.arange(votes.n_lfs)[:, None]
    if isinstance(votes, SparseVotes):
        read = codes[votes.indices, votes.codes]
        return replace(votes, codes=read, values=values, abstain_code=len(values))
    read = codes[lfs, votes.block(0, votes.n_samples)]
    return ColumnVotes(votes.n_samples, votes.n_lfs, values, len(values), votes.names, read)


def _padded(votes: Votes) -> NDArray[Any]:
    """The value of each code, None for the abstain's."""
    return np.append(votes.values, [None] * (votes.n_codes - len(votes.values)))


def classes_meant(
    label_model: FittedModel, lf: NDArray[np.intp], vote: NDArray[Any]
) -> NDArray[np.bool_]:
    """Which classes each symbol speaks for: one, several for a vote that leaves them open, none for what is no class.

    Parameters
    ----------
    label_model : fitted label model
    lf, vote : ndarray of shape (n_symbols,)

    Returns
    -------
    meant : ndarray of shape (n_symbols, n_classes)
    """
    k, meaning = len(label_model.vote_model_.classes), label_model._kept.meaning
    meant = leaning_class(label_model, lf, vote)[:, None] == np.arange(k)
    if meaning is None:
        return meant
    open_to = meaning == meaning.max(axis=1, keepdims=True)
    open_to &= ~open_to.all(axis=1, keepdims=True)
    places = places_of(lf, vote, label_model.vote_model_.table)
    of_sets = np.vstack([open_to, np.zeros((1, k), dtype=bool)])[places]
    return np.where(meant.any(axis=1, keepdims=True) | is_bin(vote)[:, None], meant, of_sets)
