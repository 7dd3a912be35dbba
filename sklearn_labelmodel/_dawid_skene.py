"""DawidSkeneClassifier: confusion tables of the voters by expectation maximisation.

Rows with the same votes and the same gold label are one pattern, so that an iteration costs two sparse
products over the distinct patterns, however many rows there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import gen_batches
from sklearn.utils._param_validation import Interval, StrOptions

from ._base import BaseLabelModel, unchanged_on_error
from ._classes import GoldLabels, class_index, read_gold, resolve_class_prior, resolve_classes
from ._contributions import ContributionsMixin
from ._objective import precision_start
from ._posterior import Evidence
from ._votes import Votes, lf_label
from ._warnings import warn_user

CHUNK_CELLS = 1 << 24
BLOCK_CELLS = 1 << 18
MAX_KEY = 1 << 62
TINY = 1e-10


class DawidSkeneClassifier(ContributionsMixin, BaseLabelModel):
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
        vote and has a full table; that it abstains still says nothing. True: voting and abstaining are both evidence.
    class_balance : array-like of shape (n_classes,) or dict of class to share, default=None
        P(Y), positive and adding up to 1, then kept. None or "estimate": learned, from gold labels and votes.
    classes : array-like of shape (n_classes,), default=None
        The classes in order; any other vote is then an error. None: the labels of a y that labels every row, else
        all values among votes and labels.
    abstain : int, float, str or None, default=-1
        The vote that means "no vote", as every missing value does.
    gold : {"anchor", "ignore"}, default="anchor"
        What labelled rows of y are for. "anchor": their class is certain in every E-step. "ignore": y only names the
        classes.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    class_prior_ : ndarray of shape (n_classes,)
        P(Y).
    symbols_ : structured ndarray of shape (n_symbols,)
        Fields "lf" (column) and "vote" (value): the votes that occurred.
    mu_ : ndarray of shape (n_symbols, n_classes)
        P(symbol | Y): the LF's table, times how often it votes.
    conditional_probs_ : ndarray of shape (n_lfs, n_classes + 1, n_classes)
        [j, 1 + v, y] = P(LF j votes for class v | Y = y), [j, 0, y] what is left to 1: its abstains, and
        votes that are no class.
    lf_accuracies_ : ndarray of shape (n_lfs,)
        P(vote is right | LF votes), in [1e-6, 1].
    coverage_ : ndarray of shape (n_lfs,)
        Share of rows in which each LF votes.
    n_iter_ : int
        Iterations done.
    log_likelihood_curve_ : ndarray of shape (n_iter_,)
        Mean log-likelihood of the rows' votes and gold labels that each iteration started from; rows
        without either, and abstains that are no evidence, do not count.
    converged_ : bool or None
        Whether tol was reached; None without tol.
    n_features_in_ : int
        Number of LFs.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        LF names, where L is a DataFrame.

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

    _parameter_constraints: dict[str, list[Any]] = {
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left"), None],
        "prior_strength": [Interval(Real, 0, None, closed="left")],
        "prec_init": [Interval(Real, 0, 1, closed="both")],
        "one_coin": ["boolean"],
        "informative_abstain": ["boolean", StrOptions({"one-sided"})],
        "class_balance": ["array-like", Mapping, StrOptions({"estimate"}), None],
        "classes": ["array-like", None],
        "abstain": [Real, str, None],
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
        class_balance: ArrayLike | Mapping[Any, float] | str | None = None,
        classes: ArrayLike | None = None,
        abstain: Any = -1,
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
        self.gold = gold

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, L: Any, y: Any = None) -> DawidSkeneClassifier:
        """Learn the tables and the class prior from the votes, and from gold labels where there are some.

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
        self : DawidSkeneClassifier

        Raises
        ------
        ValueError
            Votes, labels or parameters that cannot be what was meant; the message names the place and the remedy.
        TypeError
            A vote that is neither a number nor a string.
        """
        with unchanged_on_error(self):
            votes, gold = self._read_training_data(L, y)
            counted = gold if self.gold != "ignore" else read_gold(None, votes.n_samples)
            patterns = read_patterns(votes, counted)
            _check_identified(patterns, votes, counted)
            classes = resolve_classes(
                self.classes, self.abstain, gold, votes, patterns.lf, patterns.vote
            )
            symbol_class = class_index(patterns.vote, classes)
            prior, fixed = self._class_prior(classes)
            informed = patterns if self.informative_abstain is True else patterns.informed()
            blocks = list(informed.blocks(classes))
            start = majority_start(blocks, symbol_class, prior)
            model = self._model(patterns, symbol_class, prior if fixed else None, start)
            result = _maximise(blocks, model, start, self.max_iter, self.tol)
            self._store(patterns, classes, result)
        return self

    def _evidence(self, votes: Votes) -> Evidence:
        evidence = super()._evidence(votes)
        if self._silent is None:
            return evidence
        table = np.vstack([evidence.table, np.log(self._silent)])
        rows = evidence.rows.copy()
        abstains = len(evidence.table) + np.arange(votes.n_lfs)[:, None]
        rows[:, [votes.abstain_code, len(votes.values)]] = abstains
        return Evidence(rows, table, evidence.log_prior)

    def _class_prior(self, classes: NDArray[Any]) -> tuple[NDArray[np.float64], bool]:
        """P(Y) to start from, and whether it stays."""
        fixed = self.class_balance is not None and not isinstance(self.class_balance, str)
        balance = self.class_balance if fixed else None
        return resolve_class_prior(balance, classes, None, smooth=False), fixed

    def _model(
        self,
        patterns: Patterns,
        symbol_class: NDArray[np.intp],
        prior: NDArray[np.float64] | None,
        start: _Expected,
    ) -> _Model:
        strength = float(self.prior_strength)
        return _make_model(
            patterns,
            symbol_class=symbol_class,
            prior=prior,
            start_prior=_class_shares(start.rows, strength) if prior is None else prior,
            strength=strength,
            precision=float(self.prec_init),
            one_coin=self.one_coin,
            informative_abstain=self.informative_abstain,
        )

    def _store(self, patterns: Patterns, classes: NDArray[Any], result: _Result) -> None:
        parameters = result.parameters
        self.symbols_ = patterns.symbols()
        self.classes_, self.class_prior_, self.mu_ = classes, parameters.prior, parameters.mu
        self._mu_eps = least_probability(patterns.n_samples)
        self._silent = parameters.silent
        self.coverage_ = patterns.coverage()
        self.n_iter_ = len(result.curve)
        self.log_likelihood_curve_ = np.array(result.curve)
        self.converged_ = None if self.tol is None else result.converged
        if self.converged_ is False:
            warn_user(
                f"The mean log-likelihood still changed by more than tol={self.tol:g} after "
                f"{self.n_iter_} iterations; raise max_iter or tol.",
                ConvergenceWarning,
            )


def least_probability(n_samples: int) -> float:
    """What a vote that never occurred is taken to be worth: 0.01, or less for more than 100 rows."""
    return float(min(0.01, 10.0 ** -np.ceil(np.log10(n_samples))))


# Distinct rows ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Patterns:
    """The distinct rows of a label matrix, and how many rows are alike.

    Attributes
    ----------
    n_samples, n_lfs : int
    lf, vote : ndarray of shape (n_symbols,)
        LF and value of every vote that occurs, in ascending order.
    indicators : CSR array of shape (n_patterns, n_symbols)
        1 where the pattern holds the symbol.
    weight : ndarray of shape (n_patterns,), dtype float64
        Rows of the pattern.
    gold : ndarray of shape (n_patterns,), dtype intp
        Index of the gold label in `gold_values`, whose length stands for "unlabelled".
    gold_values : ndarray of shape (n_gold_values,)
    """

    n_samples: int
    n_lfs: int
    lf: NDArray[np.intp]
    vote: NDArray[Any]
    indicators: Any
    weight: NDArray[np.float64]
    gold: NDArray[np.intp]
    gold_values: NDArray[Any]

    def counts(self) -> NDArray[np.float64]:
        """Rows in which each symbol occurs, shape (n_symbols,)."""
        return np.asarray(self.indicators.T @ self.weight)

    def coverage(self) -> NDArray[np.float64]:
        """Share of rows in which each LF votes, shape (n_lfs,)."""
        return np.bincount(self.lf, self.counts(), minlength=self.n_lfs) / self.n_samples

    def symbols(self) -> NDArray[Any]:
        """LF and vote of every symbol as one structured array."""
        symbols = np.empty(len(self.lf), dtype=[("lf", np.intp), ("vote", self.vote.dtype)])
        symbols["lf"], symbols["vote"] = self.lf, self.vote
        return symbols

    def informed(self) -> Patterns:
        """Without the rows that have neither a vote nor a gold label."""
        has_gold = self.gold < len(self.gold_values)
        kept = np.flatnonzero(has_gold | (np.diff(self.indicators.indptr) > 0))
        if len(kept) == len(self.gold):
            return self
        return replace(
            self,
            indicators=self.indicators[kept],
            weight=self.weight[kept],
            gold=self.gold[kept],
        )

    def blocks(self, classes: NDArray[Any]) -> Iterator[_Block]:
        """The patterns, so many at a time that their posterior fits the cache, gold as class index."""
        class_of = np.append(class_index(self.gold_values, classes), len(classes))
        gold = class_of[self.gold]
        # Every block adds up a table of all symbols, so that it should not have fewer rows than that.
        n_rows = max(BLOCK_CELLS // len(classes), len(self.lf))
        if len(gold) <= n_rows:
            yield _Block(self.indicators, self.weight, gold)
            return
        for rows in gen_batches(len(gold), n_rows):
            yield _Block(self.indicators[rows], self.weight[rows], gold[rows])


@dataclass(frozen=True)
class _Block:
    indicators: Any
    weight: NDArray[np.float64]
    gold: NDArray[np.intp]


def read_patterns(votes: Votes, gold: GoldLabels) -> Patterns:
    """Find the distinct rows, in one pass over chunks of rows.

    Parameters
    ----------
    votes : Votes
    gold : GoldLabels
        Rows with the same votes but unlike gold labels are distinct.

    Returns
    -------
    patterns : Patterns

    Raises
    ------
    ValueError
        L holds no vote.
    """
    repeated, unique = [], []
    for chunk in _chunks(votes, gold):
        few = _distinct(chunk, votes.n_codes, len(gold.values) + 1)
        # Chunks whose rows mostly differ will not merge with others either; sparse, they need less room.
        if 2 * few.codes.shape[1] <= chunk.codes.shape[1]:
            repeated.append(few)
        else:
            unique.append(_indicate(few, votes))
    if repeated:
        merged = _distinct(_joined(repeated), votes.n_codes, len(gold.values) + 1)
        unique.append(_indicate(merged, votes))
    return _with_observed_symbols(unique, votes, gold)


@dataclass(frozen=True)
class _Rows:
    """Vote codes (n_lfs, n_rows), gold codes and weights of some rows."""

    codes: NDArray[Any]
    gold: NDArray[np.intp]
    weight: NDArray[np.float64]


def _chunks(votes: Votes, gold: GoldLabels) -> Iterator[_Rows]:
    for rows in gen_batches(votes.n_samples, max(1, CHUNK_CELLS // votes.n_lfs)):
        codes = votes.block(rows.start, rows.stop)
        yield _Rows(codes, gold.codes[rows], np.ones(codes.shape[1]))


def _joined(parts: list[_Rows]) -> _Rows:
    return _Rows(
        np.hstack([part.codes for part in parts]),
        np.concatenate([part.gold for part in parts]),
        np.concatenate([part.weight for part in parts]),
    )


def _distinct(rows: _Rows, n_codes: int, n_gold: int) -> _Rows:
    """The distinct rows, each with the weight of all that are like it."""
    key: NDArray[np.intp] = rows.gold
    n_keys = n_gold
    for column in rows.codes:
        if n_keys > MAX_KEY // n_codes:
            first, key = _ranks(key, n_keys)
            n_keys = len(first)
            if 2 * n_keys > len(key):
                return rows
        key = key * n_codes
        key += column
        n_keys *= n_codes
    first, rank = _ranks(key, n_keys)
    weight = np.bincount(rank, rows.weight, minlength=len(first)).astype(np.float64)
    return _Rows(rows.codes[:, first], rows.gold[first], weight)


def _ranks(key: NDArray[np.intp], n_keys: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """A row of each distinct key, and each row's place among the distinct keys."""
    if n_keys > 4 * len(key):
        _, first, rank = np.unique(key, return_index=True, return_inverse=True)
        return first, rank
    row = np.full(n_keys, -1)
    row[key] = np.arange(len(key))
    occurs = np.flatnonzero(row >= 0)
    place = np.empty(n_keys, dtype=np.intp)
    place[occurs] = np.arange(len(occurs))
    return row[occurs], place[key]


def _indicate(rows: _Rows, votes: Votes) -> tuple[Any, _Rows]:
    """Indicators of every (LF, code), and the rows without their codes."""
    row, lf = (rows.codes != votes.abstain_code).T.nonzero()
    cells = lf * votes.n_codes + rows.codes[lf, row]
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=rows.codes.shape[1]))])
    shape = (rows.codes.shape[1], votes.n_lfs * votes.n_codes)
    indicators = sp.csr_array((np.ones(len(cells)), _narrow(cells), _narrow(indptr)), shape=shape)
    return indicators, replace(rows, codes=rows.codes[:0])


def _narrow(values: NDArray[np.intp]) -> NDArray[Any]:
    fits = values.max(initial=0) <= np.iinfo(np.int32).max
    return values.astype(np.int32 if fits else np.int64)


def _with_observed_symbols(
    parts: list[tuple[Any, _Rows]], votes: Votes, gold: GoldLabels
) -> Patterns:
    indicators = parts[0][0] if len(parts) == 1 else sp.vstack([part for part, _ in parts], "csr")
    observed = np.flatnonzero(np.bincount(indicators.indices, minlength=indicators.shape[1]))
    if not len(observed):
        raise ValueError(
            "L holds no vote: every cell is the abstain marker or missing. Check the parameter `abstain`."
        )
    symbol = np.zeros(indicators.shape[1], dtype=indicators.indices.dtype)
    symbol[observed] = np.arange(len(observed))
    lf, code = np.divmod(observed, votes.n_codes)
    return Patterns(
        n_samples=votes.n_samples,
        n_lfs=votes.n_lfs,
        lf=lf,
        vote=votes.values[code],
        indicators=sp.csr_array(
            (indicators.data, symbol[indicators.indices], indicators.indptr),
            shape=(indicators.shape[0], len(observed)),
        ),
        weight=np.concatenate([rows.weight for _, rows in parts]),
        gold=np.concatenate([rows.gold for _, rows in parts]),
        gold_values=gold.values,
    )


# The model ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Model:
    """All that the M-step needs besides the expected counts.

    Attributes
    ----------
    lf, symbol_class : ndarray of shape (n_symbols,)
        n_classes where the symbol names no class.
    members : CSR array of shape (n_lfs, n_symbols)
        1 where the symbol is the LF's.
    center : ndarray of shape (n_symbols, n_classes)
        P(symbol | Y, the LF votes) that the LFs' Dirichlet priors are centred on.
    center_rate, strength_rate : ndarray of shape (n_lfs, n_classes), (n_lfs, 1)
        P(the LF votes | Y) that its Beta priors are centred on, and the rows that these are worth.
    coverage : ndarray of shape (n_lfs,)
    coins : ndarray of shape (n_lfs,), dtype bool
        Whether the LF has one accuracy in place of a table.
    speaks : ndarray of shape (n_lfs,), dtype bool
        Whether it is evidence that the LF votes at all.
    silence_counts : bool
        Whether abstaining is evidence.
    strength, precision : float
        Votes that a Dirichlet prior is worth; precision that it is centred on.
    prior : ndarray of shape (n_classes,) or None
        The class prior where it is given, else it is learned.
    n_samples : int
    """

    lf: NDArray[np.intp]
    symbol_class: NDArray[np.intp]
    members: Any
    center: NDArray[np.float64]
    center_rate: NDArray[np.float64]
    strength_rate: NDArray[np.float64]
    coverage: NDArray[np.float64]
    coins: NDArray[np.bool_]
    speaks: NDArray[np.bool_]
    silence_counts: bool
    strength: float
    precision: float
    prior: NDArray[np.float64] | None
    n_samples: int


def _make_model(
    patterns: Patterns,
    *,
    symbol_class: NDArray[np.intp],
    prior: NDArray[np.float64] | None,
    start_prior: NDArray[np.float64],
    strength: float,
    precision: float,
    one_coin: bool,
    informative_abstain: bool | str,
) -> _Model:
    lf, n_lfs, n_symbols = patterns.lf, patterns.n_lfs, len(patterns.lf)
    members = sp.csr_array((np.ones(n_symbols), (lf, np.arange(n_symbols))), (n_lfs, n_symbols))
    coverage = patterns.coverage()
    frequency = patterns.counts() / patterns.n_samples
    center = precision_start(frequency, np.full(n_symbols, precision), symbol_class, start_prior)
    rate = np.asarray(members @ center)
    foreign = np.bincount(lf, symbol_class == len(start_prior), minlength=n_lfs) > 0
    coins = np.full(n_lfs, one_coin) & ~foreign
    one_sided = (np.bincount(lf, minlength=n_lfs) == 1) & ~coins
    return _Model(
        lf=lf,
        symbol_class=symbol_class,
        members=members,
        center=center / rate[lf],
        center_rate=np.clip(rate, 0.0, 1.0),
        strength_rate=(strength / np.maximum(coverage, 1 / patterns.n_samples))[:, None],
        coverage=coverage,
        coins=coins,
        speaks=one_sided
        if informative_abstain == "one-sided"
        else np.full(n_lfs, bool(informative_abstain)),
        silence_counts=informative_abstain is True,
        strength=strength,
        precision=precision,
        prior=prior,
        n_samples=patterns.n_samples,
    )


@dataclass(frozen=True)
class _Expected:
    """Expected counts under the posterior of the rows.

    Attributes
    ----------
    counts : ndarray of shape (n_symbols, n_classes)
        Rows of each class that hold the symbol.
    rows : ndarray of shape (n_classes,)
        Rows of each class.
    log_likelihood : float
        Mean over rows; NaN for counts that no parameters gave.
    """

    counts: NDArray[np.float64]
    rows: NDArray[np.float64]
    log_likelihood: float


@dataclass(frozen=True)
class _Parameters:
    """P(Y); P(symbol | Y); P(abstain | Y) of each LF, or None where abstaining is no evidence."""

    prior: NDArray[np.float64]
    mu: NDArray[np.float64]
    silent: NDArray[np.float64] | None


@dataclass(frozen=True)
class _Result:
    parameters: _Parameters
    curve: list[float]
    converged: bool


# Expectation maximisation -------------------------------------------------------------------------


def _maximise(
    blocks: list[_Block], model: _Model, start: _Expected, max_iter: int, tol: float | None
) -> _Result:
    """Take turns of E-step and M-step, from the counts that majority vote gives."""
    parameters = _m_step(start, model)
    curve: list[float] = []
    for _ in range(max_iter):
        expected = _e_step(blocks, parameters, model.lf)
        parameters = _m_step(expected, model)
        curve.append(expected.log_likelihood)
        if len(curve) > 1 and abs(curve[-1] - curve[-2]) <= (tol or 0.0):
            return _Result(parameters, curve, converged=True)
    return _Result(parameters, curve, converged=False)


def majority_start(
    blocks: list[_Block], symbol_class: NDArray[np.intp], prior: NDArray[np.float64]
) -> _Expected:
    """Expected counts where each row's classes are as probable as they have votes."""
    return _expect(blocks, ((vote_shares(block, symbol_class, prior), np.nan) for block in blocks))


def vote_counts(
    block: _Block, symbol_class: NDArray[np.intp], n_classes: int
) -> NDArray[np.float64]:
    """Votes for each class, shape (n_patterns, n_classes)."""
    named = np.flatnonzero(symbol_class < n_classes)
    shape = (len(symbol_class), n_classes)
    votes_for = sp.csr_array((np.ones(len(named)), (named, symbol_class[named])), shape=shape)
    return (block.indicators @ votes_for).toarray()


def vote_shares(
    block: _Block, symbol_class: NDArray[np.intp], prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Each class's share of the votes, the prior without votes, certainty where there is gold."""
    shares = vote_counts(block, symbol_class, len(prior))
    total = shares.sum(axis=1, keepdims=True)
    shares = np.divide(shares, total, out=np.tile(prior, (len(shares), 1)), where=total > 0)
    return _clamped(shares, block.gold)


def _e_step(blocks: list[_Block], parameters: _Parameters, lf: NDArray[np.intp]) -> _Expected:
    """Expected counts under the posterior P(Y | votes, gold) of every pattern."""
    evidence, base = np.log(parameters.mu), np.log(parameters.prior)
    if parameters.silent is not None:
        silent = np.log(parameters.silent)
        evidence, base = evidence - silent[lf], base + silent.sum(axis=0)
    return _expect(blocks, (_posterior(block, evidence, base) for block in blocks))


def _posterior(
    block: _Block, evidence: NDArray[np.float64], base: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """P(Y | votes, gold) of a block's patterns, and the sum of their rows' log-likelihoods."""
    # By columns, of which there are few: sums and maxima along short rows are slow.
    log_joint = np.ascontiguousarray((block.indicators @ evidence).T)
    log_joint += base[:, None]
    labelled = np.flatnonzero(block.gold < len(base))
    certain = log_joint[block.gold[labelled], labelled]
    log_likelihood = log_joint.max(axis=0)
    log_joint -= log_likelihood
    proba = np.exp(log_joint, out=log_joint)
    total = proba.sum(axis=0)
    proba /= total
    log_likelihood += np.log(total)
    log_likelihood[labelled] = certain
    proba = _clamped(np.ascontiguousarray(proba.T), block.gold)
    return proba, float(block.weight @ log_likelihood)


def _clamped(proba: NDArray[np.float64], gold: NDArray[np.intp]) -> NDArray[np.float64]:
    labelled = np.flatnonzero(gold < proba.shape[1])
    proba[labelled] = 0.0
    proba[labelled, gold[labelled]] = 1.0
    return proba


def _expect(
    blocks: list[_Block], posteriors: Iterable[tuple[NDArray[np.float64], float]]
) -> _Expected:
    """Counts of symbols and rows by class, given each block's posterior."""
    counts, rows, log_likelihood, n_rows = 0.0, 0.0, 0.0, 0.0
    for block, (proba, block_log_likelihood) in zip(blocks, posteriors, strict=True):
        proba *= block.weight[:, None]
        counts = counts + block.indicators.T @ proba
        rows = rows + proba.sum(axis=0)
        log_likelihood += block_log_likelihood
        n_rows += block.weight.sum()
    return _Expected(np.asarray(counts), np.asarray(rows), log_likelihood / n_rows)


def _m_step(expected: _Expected, model: _Model) -> _Parameters:
    """The mode of the parameters given the expected counts and the Dirichlet priors."""
    prior = model.prior
    if prior is None:
        prior = _class_shares(expected.rows, model.strength)
    votes = model.members @ expected.counts
    table = _tables(expected.counts, votes, model)
    rate = _rates(expected.rows, votes, model)
    silent = 1 - rate if model.silence_counts else None
    return _Parameters(prior, rate[model.lf] * table, silent)


def _class_shares(rows: NDArray[np.float64], strength: float) -> NDArray[np.float64]:
    shares = np.maximum((rows + strength) / (rows + strength).sum(), TINY)
    return shares / shares.sum()


def _tables(
    counts: NDArray[np.float64], votes: NDArray[np.float64], model: _Model
) -> NDArray[np.float64]:
    """P(symbol | Y, the LF votes), shape (n_symbols, n_classes)."""
    table = np.maximum(counts + model.strength * model.center, TINY)
    table /= (model.members @ table)[model.lf]
    if model.coins.any():
        tossed = np.flatnonzero(model.coins[model.lf])
        accuracy = _accuracies(counts, votes, model)[model.lf[tossed]]
        n_wrong = max(1, counts.shape[1] - 1)
        table[tossed] = ((1 - accuracy) / n_wrong)[:, None]
        table[tossed, model.symbol_class[tossed]] = accuracy
        table[tossed] = np.clip(table[tossed], TINY, 1 - TINY)
    return table


def _accuracies(
    counts: NDArray[np.float64], votes: NDArray[np.float64], model: _Model
) -> NDArray[np.float64]:
    """P(vote is right) of each LF whatever the class, shape (n_lfs,)."""
    named = np.flatnonzero(model.symbol_class < counts.shape[1])
    right = np.bincount(
        model.lf[named], counts[named, model.symbol_class[named]], minlength=len(votes)
    )
    total = votes.sum(axis=1) + model.strength
    accuracy = np.full(len(votes), model.precision)
    return np.divide(right + model.strength * model.precision, total, out=accuracy, where=total > 0)


def _rates(
    rows: NDArray[np.float64], votes: NDArray[np.float64], model: _Model
) -> NDArray[np.float64]:
    """P(the LF votes | Y), shape (n_lfs, n_classes); rows left out are taken to be like the others."""
    rate = np.tile(model.coverage[:, None], (1, len(rows)))
    if not model.speaks.any():
        return rate
    all_rows = np.maximum(rows * model.n_samples / rows.sum(), TINY)
    learned = votes + model.strength_rate * model.center_rate
    learned /= all_rows + model.strength_rate
    rate[model.speaks] = np.clip(learned[model.speaks], TINY, 1 - TINY)
    return rate


def _check_identified(patterns: Patterns, votes: Votes, gold: GoldLabels) -> None:
    """Warn of LFs whose accuracy the votes do not tell, unless all rows are labelled."""
    if len(gold.values) and gold.complete:
        return
    if patterns.n_lfs < 3:
        fault = f"{patterns.n_lfs} LF{'s' if patterns.n_lfs > 1 else ''}"
    else:
        shared = patterns.indicators[np.flatnonzero(np.diff(patterns.indicators.indptr) > 1)]
        overlapping = np.unique(patterns.lf[shared.indices])
        alone = np.setdiff1d(patterns.lf, overlapping)
        if not len(alone):
            return
        names = ", ".join(lf_label(votes.names, int(lf)) for lf in alone[:5])
        fault = f"LFs that share no row with another ({names}{', ...' if len(alone) > 5 else ''})"
    warn_user(
        f"The votes cannot identify the accuracies of {fault}; majority vote, where EM starts, decides. At "
        "least three LFs that vote on common rows are needed."
    )
