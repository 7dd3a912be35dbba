"""MajorityVoteClassifier: the baseline that every label model has to beat."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import StrOptions

from .._evidence.lookup import LookUp, find_symbols, summed
from .._evidence.model import ClassPrior, VoteModel, uniform_prior
from .._evidence.told import given_prior, smoothed_shares
from .._learning.baselines import EqualVotes, count_equally, shares_of
from .._votes.codes import Votes, class_index
from .base import BaseLabelModel, Learner
from .docs import documented

if TYPE_CHECKING:
    from .._learning.observed import Observed
    from .._utils.types import ClassBalance, Marker, ScoreColumns, VoteMeanings


@documented
class MajorityVoteClassifier(BaseLabelModel):
    """Label each row by the class that most of its votes name.

    A class's probability is its share of the row's votes. Rows without a vote get the class prior.

    Parameters
    ----------
    class_balance : array-like of shape (n_classes,) or dict of class to share, default=None
        P(Y), positive and adding up to 1. None: from the gold labels, else uniform.
    {{parameter classes}}
    {{parameter abstain}}
    {{parameter scores}}
    {{parameter vote_meanings}}
    gold : {"anchor", "ignore"}, default="anchor"
        What labelled rows of y are for. "anchor": for the class prior, and to translate the labeling functions (LFs)
        that vote for something that is no class (see Notes). "ignore": y only names the classes; votes that are
        none count for none.

    Attributes
    ----------
    {{attribute vote_model_}}
    {{attribute score_bins_}}
    vote_weights_ : ndarray of shape (n_symbols, n_classes)
        What each symbol counts for each class: 1 for the class that it names; adding up to 1, or 0 for a symbol that
        counts for none.
    precision_ : float
        The precision in [1 / n_classes, 1] that all LFs share in the generative reading (see Notes).
    mu_ : ndarray of shape (n_symbols, n_classes)
        P(symbol | Y) in the generative reading; for `score` without labels, not for `predict_proba`.
    {{attribute conditional_probs_}}
    {{attribute report_}}

    Notes
    -----
    *Votes that are no class* exist only where y labels every row and `classes` is not given. An LF that gives one
    speaks a language of its own, so all its votes are translated: each counts for the classes in the shares in which
    the gold labels show them beside it. Votes of all other LFs mean what they say.

    *The score without labels* needs P(votes), which counting votes does not define. It is read as the model whose
    Bayes decision, at equal class shares, is the majority vote: LFs err independently, and each vote, of whatever LF,
    favours its class over any other by the same odds r = a (k - 1) / (1 - a) (the table that
    LabelModelClassifier starts from, with a for prec_init). The precision a is the one under which two votes of a
    row agree as often as they do, a^2 + (1 - a)^2 / (k - 1) of the time; 0.7 where no row has two votes. So
    ``score(L)`` compares with that of the other label models.

    Examples
    --------
    >>> from sklearn_labelmodel import MajorityVoteClassifier
    >>> L = [["ham", "ham", None], ["spam", "ham", "spam"], [None, None, None]]
    >>> model = MajorityVoteClassifier().fit(L)
    >>> model.predict(L).tolist()
    ['ham', 'spam', 'ham']
    >>> model.predict_proba(L).round(2)
    array([[1.  , 0.  ],
           [0.33, 0.67],
           [0.5 , 0.5 ]])
    """

    _parameter_constraints = {
        **BaseLabelModel._parameter_constraints,
        "class_balance": ["array-like", Mapping, None],
        "gold": [StrOptions({"anchor", "ignore"})],
    }

    def __init__(
        self,
        *,
        class_balance: ClassBalance | None = None,
        classes: Iterable[Hashable] | None = None,
        abstain: Marker = -1,
        scores: ScoreColumns | None = None,
        vote_meanings: VoteMeanings | None = None,
        gold: str = "anchor",
    ):
        self.class_balance = class_balance
        self.classes = classes
        self.abstain = abstain
        self.scores = scores
        self.vote_meanings = vote_meanings
        self.gold = gold

    vote_model_: EqualVotes

    @classmethod
    def _held(cls) -> tuple[type, ...]:
        return EqualVotes, *super()._held()

    def _assume(self, observed: Observed, prior: ClassPrior | None = None) -> VoteModel:
        if prior is None:
            prior, gold = uniform_prior(len(observed.classes)), observed.gold.rows
            if self.class_balance is not None:
                prior = given_prior(self.class_balance, observed.classes)
            elif gold.any():
                prior = prior.for_all(smoothed_shares(gold, prior.of_all), "labels")
        return count_equally(observed, prior)

    def _recipe(self, observed: Observed, assumed: VoteModel) -> list[Learner]:
        return []

    def _posterior(self, model: VoteModel, votes: Votes) -> NDArray[np.float64]:
        """Each class's share of the row's votes; the class prior for a row without any."""
        equal = cast(EqualVotes, model)
        proba = np.empty((votes.n_samples, len(model.classes)))
        for rows, counts in summed(votes, _look_up(equal, votes)):
            # NumPy adds up a few long rows faster than many short ones.
            proba[rows] = shares_of(np.ascontiguousarray(counts.T), model.prior.of_voteless).T
        return proba

    def _terms(self, model: VoteModel, votes: Votes) -> NDArray[np.float64]:
        """What each vote, and last the class prior, adds to the probability."""
        looks = _look_up(cast(EqualVotes, model), votes)
        shares = np.zeros((votes.n_samples, votes.n_lfs + 1, len(model.classes)))
        lfs = np.arange(votes.n_lfs)[:, None]
        for rows, codes in votes.blocks(len(model.classes)):
            counts = looks.table[looks.rows[lfs, codes].T]
            total = counts.sum(axis=(1, 2), keepdims=True)
            np.divide(counts, total, out=shares[rows, :-1], where=total > 0)
            shares[rows, -1] = np.where(total[:, 0] > 0, 0.0, model.prior.of_voteless)
        return shares

    @property
    def vote_weights_(self) -> NDArray[np.float64]:
        """What each symbol counts for each class, shape (n_symbols, n_classes)."""
        return self.vote_model_.counts

    @property
    def precision_(self) -> float:
        """The precision that all LFs share in the generative reading."""
        return self.vote_model_.precision


def _look_up(model: EqualVotes, votes: Votes) -> LookUp:
    """What each vote code counts for each class: the class it names, or its symbol's counts."""
    n_classes, n_symbols = len(model.classes), len(model.counts)
    nothing = np.zeros((1, n_classes))
    table = np.vstack([model.counts, nothing, np.eye(n_classes)])
    rows = find_symbols(votes, model.table.lf, model.table.vote)
    named = class_index(votes.values, model.classes)
    literal = np.flatnonzero((named < n_classes) & (np.arange(len(named)) != votes.abstain_code))
    rows[np.ix_(~model.translated, literal)] = n_symbols + 1 + named[literal]
    return LookUp(rows, table, nothing)
