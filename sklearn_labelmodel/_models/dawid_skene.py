"""DawidSkeneClassifier: confusion tables of the voters by expectation maximisation."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from numbers import Integral, Real
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions

from .._evidence.model import ClassPrior, VoteModel, accuracies_by_mu, uniform_prior
from .._evidence.told import given_prior
from .._utils import warn_user
from .base import BaseLabelModel, Learner
from .docs import documented

if TYPE_CHECKING:
    from .._learning.observed import Observed
    from .._utils.types import ClassBalance, Marker, ScoreColumns, VoteMeanings

MAJORITY_DECIDES = "majority vote, where EM starts, decides"


@documented
class DawidSkeneClassifier(BaseLabelModel):
    """Learn each voter's confusion table and label rows by it, as Dawid and Skene did.

    Given the class, labeling functions (LFs) err independently, each by a table of its own. Expectation
    maximisation starts from the majority vote and takes turns: the classes' probabilities given the tables (E-step),
    the tables given the probabilities (M-step, the mode under Dirichlet priors).

    Parameters
    ----------
    max_iter : int, default=5
        Iterations, at least 1. Real labeling functions do not err independently, and the longer EM runs the more it
        trusts that they do: on crowd workers' votes a few iterations are as good as many, on keyword heuristics better.
    tol : float, default=None
        Stop when an iteration changes the mean log-likelihood of a row by no more than this. None: only when
        nothing changes at all.
    prior_strength : float, default=10.0
        How many votes of each LF in each class, and how many rows of each class, the Dirichlet priors are worth.
        0 is maximum likelihood.
    prec_init : float, default=0.7
        Precision in [0, 1] of the LFs in the tables that the priors are centred on, as in LabelModelClassifier's start;
        votes that are no class are centred on no opinion, the class prior on equal shares.
    one_coin : bool, default=False
        Whether an LF has one accuracy, whatever the class, and errs towards all other classes alike; its table has
        then one parameter. (An LF with votes that are no class keeps the full table.)
    informative_abstain : bool or {"one-sided"}, default="one-sided"
        What it says of the class that an LF votes at all. False: nothing, as in Dawid and Skene's paper; an LF that
        only ever gives one vote is then no evidence. "one-sided": something where the LF only ever gives one
        vote and has a full table: the votes of all such LFs are read as those of one voter, who names the LF. (If all
        name the same class, that they vote is evidence for it.) That it abstains still says nothing. True: voting and
        abstaining are both evidence.
    class_balance : array-like of shape (n_classes,) or dict of class to share, default=None
        P(Y), positive and adding up to 1, then kept. None or "estimate": learned, from gold labels and votes.
    {{parameter classes}}
    {{parameter abstain}}
    {{parameter scores}}
    {{parameter vote_meanings}}
    gold : {"anchor", "ignore"}, default="anchor"
        What labelled rows of y are for. "anchor": their class is certain in every E-step. "ignore": y only names the
        classes.

    Attributes
    ----------
    {{attribute vote_model_}}
    {{attribute score_bins_}}
    mu_ : ndarray of shape (n_symbols, n_classes)
        P(symbol | Y): the LF's table, times how often it votes.
    {{attribute conditional_probs_}}
    n_iter_ : int
        Iterations done.
    log_likelihood_curve_ : ndarray of shape (n_iter_,)
        Mean log-likelihood of the rows' votes and gold labels that each iteration started from; rows
        without either, and abstains that are no evidence, do not count.
    converged_ : bool or None
        Whether tol was reached; None without tol.
    {{attribute report_}}

    References
    ----------
    A. P. Dawid, A. M. Skene. Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm.
    Journal of the Royal Statistical Society, Series C, 28(1), 1979.

    Y. Zhang, X. Chen, D. Zhou, M. I. Jordan. Spectral Methods Meet EM: A Provably Optimal Algorithm for
    Crowdsourcing. Journal of Machine Learning Research 17, 2016 (the one-coin model).

    Examples
    --------
    >>> from sklearn_labelmodel import DawidSkeneClassifier
    >>> L = [[1, 1, -1], [0, -1, 0], [1, 0, 1], [0, 0, 0], [-1, 1, 1]]
    >>> model = DawidSkeneClassifier(class_balance=[0.5, 0.5]).fit(L)
    >>> model.predict(L)
    array([1, 0, 1, 0, 1])
    >>> model.predict_proba([[-1, -1, -1]])
    array([[0.5, 0.5]])
    """

    _parameter_constraints = {
        **BaseLabelModel._parameter_constraints,
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left"), None],
        "prior_strength": [Interval(Real, 0, None, closed="left")],
        "prec_init": [Interval(Real, 0, 1, closed="both")],
        "one_coin": ["boolean"],
        "informative_abstain": ["boolean", StrOptions({"one-sided"})],
        "class_balance": ["array-like", Mapping, StrOptions({"estimate"}), None],
        "gold": [StrOptions({"anchor", "ignore"})],
    }

    def __init__(
        self,
        *,
        max_iter: int = 5,
        tol: float | None = None,
        prior_strength: float = 10.0,
        prec_init: float = 0.7,
        one_coin: bool = False,
        informative_abstain: bool | str = "one-sided",
        class_balance: ClassBalance | None = None,
        classes: Iterable[Hashable] | None = None,
        abstain: Marker = -1,
        scores: ScoreColumns | None = None,
        vote_meanings: VoteMeanings | None = None,
        gold: str = "anchor",
    ):
        self.max_iter = max_iter
        self.tol = tol
        self.prior_strength = prior_strength
        self.prec_init = prec_init
        self.one_coin = one_coin
        self.informative_abstain = informative_abstain
        self.class_balance = class_balance
        self.classes = classes
        self.abstain = abstain
        self.scores = scores
        self.vote_meanings = vote_meanings
        self.gold = gold

    _capabilities = frozenset({"heed a prior", "learn a prior"})

    def _assume(self, observed: Observed, prior: ClassPrior | None = None) -> VoteModel:
        from .._learning.baselines import nothing_told

        balance = self.class_balance
        if prior is None:
            prior = uniform_prior(len(observed.classes))
            if balance is not None and not isinstance(balance, str):
                prior = given_prior(balance, observed.classes)
        return nothing_told(observed, prior, float(self.prec_init))

    def _recipe(self, observed: Observed, assumed: VoteModel) -> list[Learner]:
        from .._learning.scores import temper_scores

        return [self._maximise] if self.scores is None else [self._maximise, temper_scores]

    def _maximise(self, observed: Observed, model: VoteModel) -> VoteModel:
        from .._learning.baselines import dawid_skene, majority_start

        all_say = self.informative_abstain is True
        patterns = observed.patterns if all_say else observed.patterns.informed()
        blocks = model.rows(patterns)
        start = majority_start(observed, model, blocks)
        model = dawid_skene(
            observed,
            model,
            start,
            blocks,
            strength=float(self.prior_strength),
            one_coin_lfs=self.one_coin,
            informative_abstain=self.informative_abstain,
            max_iter=self.max_iter,
            tol=self.tol,
        )
        return replace(model, accuracies=accuracies_by_mu(model, observed.is_right))

    def _warn_unidentified(self, observed: Observed) -> None:
        from .._learning.observed import warn_unidentified

        # Labels of all rows tell the accuracies of any LFs.
        labels = observed.labels
        if not (len(labels.values) and labels.complete):
            warn_unidentified(observed, MAJORITY_DECIDES)

    def _warn(self, observed: Observed, learned: VoteModel) -> None:
        history = learned.history
        if self.tol is not None and history is not None and not history.converged:
            warn_user(
                f"The mean log-likelihood still changed by more than tol={self.tol:g} after "
                f"{len(history.curve)} iterations; raise max_iter or tol.",
                ConvergenceWarning,
            )

    # What a fit learned ---------------------------------------------------------------------------

    @property
    def n_iter_(self) -> int:
        """Iterations done."""
        return len(self.log_likelihood_curve_)

    @property
    def log_likelihood_curve_(self) -> NDArray[np.float64]:
        """Mean log-likelihood that each iteration started from, shape (n_iter,)."""
        history = self.vote_model_.history
        return np.zeros(0) if history is None else history.curve

    @property
    def converged_(self) -> bool | None:
        """Whether tol was reached; None without tol."""
        history = self.vote_model_.history
        return None if self.tol is None or history is None else history.converged
