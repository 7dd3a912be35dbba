"""A fitted label model as inspection sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from .._evidence.model import ClassPrior, VoteModel
from .._votes.codes import Votes
from .._votes.scores import Scores

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

    def set_params(self, **params: object) -> Self: ...

    def report(self, L: VoteMatrix) -> ReportParts: ...

    def _read_votes(self, L: VoteMatrix) -> Votes: ...

    def _posterior(self, model: VoteModel, votes: Votes) -> NDArray[np.float64]: ...

    def _terms(self, model: VoteModel, votes: Votes) -> NDArray[np.float64]: ...

    def _assume(self, observed: Observed, prior: ClassPrior | None = None) -> VoteModel: ...

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
