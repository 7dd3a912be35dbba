"""A fitted label model as inspection sees it: what it stores, and what its symbols are taken to say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from .._evidence.lookup import find_symbols
from .._evidence.model import VoteModel, places_of
from .._votes.coded_columns import values_of
from .._votes.codes import ColumnVotes, SparseVotes, Votes, class_index, is_bin
from .._votes.scores import Scores, no_bins

if TYPE_CHECKING:
    from .._learning.observed import KeptCounts, Observed
    from .._utils.types import VoteMatrix
    from ._report.parts import ReportParts


class FittedModel(Protocol):
    """What functions ask of a fitted label model: what it has stored, and how it reads and adds up votes."""

    vote_model_: VoteModel
    n_features_in_: int
    _kept: KeptCounts
    _scores: Scores | None
    _capabilities: frozenset[str]
    _by_pairs: bool

    @property
    def classes_(self) -> NDArray[Any]: ...

    def get_params(self, deep: bool = True) -> dict[str, Any]: ...

    def report(self, L: VoteMatrix) -> ReportParts: ...

    def _read_votes(self, L: VoteMatrix) -> Votes: ...

    def _posterior(self, model: VoteModel, votes: Votes) -> NDArray[np.float64]: ...

    def _terms(self, model: VoteModel, votes: Votes) -> NDArray[np.float64]: ...

    def _assume(self, observed: Observed) -> VoteModel: ...

    def _learn(self, observed: Observed, assumed: VoteModel) -> VoteModel: ...


def learned_accuracies(learned: VoteModel) -> NDArray[np.float64]:
    """What a model takes each LF's accuracy to be, NaN for one that never voted in `fit`; shape (n_lfs,)."""
    kinds = np.bincount(learned.table.lf, minlength=len(learned.accuracies))
    return np.where(kinds > 0, learned.accuracies, np.nan)


def check_label_model(label_model: object) -> FittedModel:
    """The label model, if it is a fitted one of this package."""
    if not hasattr(type(label_model), "_read_votes"):
        raise TypeError(
            f"label_model is a {type(label_model).__name__}; it must be a fitted label model, such as "
            "LabelModelClassifier().fit(L)."
        )
    check_is_fitted(label_model)
    return cast(FittedModel, label_model)


# What symbols say ----------------------------------------------------------------------------------


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
