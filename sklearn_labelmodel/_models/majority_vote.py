"""MajorityVoteClassifier: the baseline that every label model has to beat."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context
from sklearn.utils._param_validation import StrOptions

from .._evidence.combine import Evidence, find_symbols
from .._evidence.lookup import summed
from .._evidence.prior import resolve_class_prior, smoothed_shares
from .._evidence.table import least_probability, precision_start
from .._learning.majority import _agreement, _shared_precision
from .._votes.classes import class_index, resolve_classes
from .._votes.codes import Votes
from .._votes.gold import no_gold
from .._votes.patterns import Patterns, read_patterns
from .base import BaseLabelModel, ReportMixin, unchanged_on_error


class MajorityVoteClassifier(ReportMixin, BaseLabelModel):
    """Label each row by the class that most of its votes name.

    A class's probability is its share of the row's votes. Rows without a vote get the class prior.

    Parameters
    ----------
    class_balance : array-like of shape (n_classes,) or dict of class to share, default=None
        P(Y), positive and adding up to 1. None: from the gold labels, else uniform.
    classes : array-like of shape (n_classes,), default=None
        The classes in order; any other vote is then an error. None: the labels of a y that labels every row, else
        all values among votes and labels.
    abstain : int, float, str or None, default=-1
        The vote that means "no vote", as every missing value does.
    gold : {"anchor", "ignore"}, default="anchor"
        What labelled rows of y are for. "anchor": for the class prior, and to translate the labeling functions (LFs)
        that vote for something that is no class (see Notes). "ignore": y only names the classes; votes that are
        none count for none.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    class_prior_ : ndarray of shape (n_classes,)
        P(Y).
    symbols_ : structured ndarray of shape (n_symbols,)
        Fields "lf" (column) and "vote" (value): the votes that occurred.
    vote_weights_ : ndarray of shape (n_symbols, n_classes)
        What each symbol counts for each class: 1 for the class that it names; adding up to 1, or 0 for a symbol that
        counts for none.
    precision_ : float
        The precision in [1 / n_classes, 1] that all LFs share in the generative reading (see Notes).
    mu_ : ndarray of shape (n_symbols, n_classes)
        P(symbol | Y) in the generative reading; for `score` without labels, not for `predict_proba`.
    conditional_probs_ : ndarray of shape (n_lfs, n_classes + 1, n_classes)
        [j, 1 + v, y] = P(LF j votes for class v | Y = y) in the generative reading, [j, 0, y] what is left to 1.
    lf_accuracies_ : ndarray of shape (n_lfs,)
        P(vote is right | LF votes) in the generative reading, in [1e-6, 1].
    coverage_ : ndarray of shape (n_lfs,)
        Share of rows in which each LF votes.
    report_ : FitReport
        What fit can tell of its own faults; `report` looks at the votes too.
    n_features_in_ : int
        Number of LFs.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        LF names, where L is a DataFrame.

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

    _parameter_constraints: dict[str, list[Any]] = {
        "class_balance": ["array-like", Mapping, None],
        "classes": ["array-like", None],
        "abstain": [Real, str, None],
        "gold": [StrOptions({"anchor", "ignore"})],
    }

    def __init__(
        self,
        *,
        class_balance: ArrayLike | Mapping[Any, float] | None = None,
        classes: ArrayLike | None = None,
        abstain: Any = -1,
        gold: str = "anchor",
    ):
        self.class_balance = class_balance
        self.classes = classes
        self.abstain = abstain
        self.gold = gold

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, L: Any, y: Any = None) -> MajorityVoteClassifier:
        """Find the classes and what each vote counts for.

        Parameters
        ----------
        L : array-like, dataframe or sparse matrix of shape (n_samples, n_lfs)
            Votes: class labels (numbers, booleans or strings), the marker `abstain` or a missing value. In a sparse
            matrix the stored entries are votes.
        y : array-like of shape (n_samples,), default=None
            Gold labels of all or some rows; -1 or a missing value marks a row without one. -1 is a class
            where taking it away would leave a single class, or where `classes` names it.

        Returns
        -------
        self : MajorityVoteClassifier

        Raises
        ------
        ValueError
            Votes, labels or parameters that cannot be what was meant; the message names the place and the remedy.
        TypeError
            A vote that is neither a number nor a string.
        """
        with unchanged_on_error(self):
            votes, gold = self._read_training_data(L, y)
            counted = gold if self.gold != "ignore" else no_gold(votes.n_samples)
            patterns = read_patterns(votes, counted)
            classes = resolve_classes(
                *(self.classes, self.abstain, gold, votes, patterns.lf, patterns.vote),
                self.class_balance,
            )
            known = patterns.gold_counts(classes)
            prior = resolve_class_prior(self.class_balance, classes, None)
            if self.class_balance is None and known.rows.any():
                prior = smoothed_shares(known.rows, prior)
            symbol_class = class_index(patterns.vote, classes)
            foreign = patterns.lf[symbol_class == len(classes)]
            translated = np.isin(np.arange(votes.n_lfs), foreign) & known.rows.any()
            weights = _vote_weights(symbol_class, translated[patterns.lf], known.by_symbol)
            self._store(patterns, classes, prior, weights, translated)
            self._keep_for_report(
                votes.n_samples, patterns.overlaps(), gold=known if known.rows.any() else None
            )
        return self

    def _posterior(self, votes: Votes) -> NDArray[np.float64]:
        """Each class's share of the row's votes; the class prior for a row without any."""
        proba = np.tile(self.class_prior_, (votes.n_samples, 1))
        for rows, counts in summed(votes, self._shares(votes)):
            total = counts.sum(axis=1, keepdims=True)
            np.divide(counts, total, out=proba[rows], where=total > 0)
        return proba

    def _shares(self, votes: Votes) -> Evidence:
        """What each vote code counts for each class: the class it names, or its symbol's weights."""
        n_classes, n_symbols = len(self.classes_), len(self.symbols_)
        nothing = np.zeros(n_classes)
        table = np.vstack([self.vote_weights_, nothing, np.eye(n_classes)])
        rows = find_symbols(votes, self.symbols_["lf"], self.symbols_["vote"])
        named = class_index(votes.values, self.classes_)
        literal = np.where(named < n_classes, n_symbols + 1 + named, n_symbols)
        literal[np.arange(len(literal)) == votes.abstain_code] = n_symbols
        rows[~self._translated, :-1] = literal
        return Evidence(rows, table, nothing)

    def _store(
        self,
        patterns: Patterns,
        classes: NDArray[Any],
        prior: NDArray[np.float64],
        weights: NDArray[np.float64],
        translated: NDArray[np.bool_],
    ) -> None:
        self.symbols_ = patterns.symbols()
        self.classes_, self.class_prior_, self.vote_weights_ = classes, prior, weights
        self._translated = translated
        self._mu_eps = least_probability(patterns.n_samples)
        self.coverage_ = self._model_coverage = patterns.coverage()
        meaning = np.where(weights.any(axis=1), np.argmax(weights, axis=1), len(classes))
        self.precision_ = _shared_precision(_agreement(patterns, meaning, classes), len(classes))
        frequency = patterns.counts() / patterns.n_samples
        mu = precision_start(frequency, np.full(len(weights), self.precision_), meaning, prior)
        self.mu_ = np.clip(mu, self._mu_eps, 1 - self._mu_eps)


def _vote_weights(
    symbol_class: NDArray[np.intp], translated: NDArray[np.bool_], gold_counts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What each symbol counts for each class: for the one it names, or as the gold labels share it out."""
    n_classes = gold_counts.shape[1]
    weights = np.zeros_like(gold_counts)
    named = np.flatnonzero(symbol_class < n_classes)
    weights[named, symbol_class[named]] = 1.0
    if translated.any():
        counts = gold_counts[translated]
        total = counts.sum(axis=1, keepdims=True)
        weights[translated] = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    return weights
