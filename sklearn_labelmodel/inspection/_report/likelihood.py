"""Dawid and Skene's model by maximum likelihood, for judging labeling functions rather than labelling rows.

What a label model believes of its LFs is drawn to what was assumed of them, and its training stops early on purpose;
run to convergence, the estimate forgets its start. How far off it may be, the rows' scores tell: the information that
they hold, the class prior's included, is summed up and inverted.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri

from ..._evidence.model import ClassPrior, VoteModel, places_of, uniform_prior
from ..._learning.baselines import Expected, dawid_skene, majority_start, nothing_told
from ..._learning.observed import observed_rows
from ..._votes.codes import class_index, is_bin
from ..._votes.gold import GoldCounts
from ..._votes.patterns import Patterns, votes_by_lf

# Rows that the Dirichlet priors are worth: they keep probabilities off 0 and 1, and hardly more.
STRENGTH, PRECISION = 1.0, 0.7
MAX_ITER, TOL = 500, 1e-8
# Rows of each class that majority vote counts for beside gold labels, where EM starts.
START_ROWS = 5.0
LEAST_VOTES, LEAST_SHARE = 5, 0.05
VOTES_PER_PARAMETER = 15
MOST_PARAMETERS = 1024
POSTERIOR_CELLS = 1 << 22
NEVER_VOTES = "never votes"
FOREIGN, SCORES = "votes for what is no class", "gives scores"
ONE_SIDED = "one-sided"
ALONE = "too few LFs on common rows"
COPY = "repeats another LF"
SCORE_CELLS, PRODUCTS = 1 << 24, 1 << 28
# Products of two votes of a row that counting pairs may take, and patterns that are counted in any case.
PAIR_PRODUCTS, LEAST_PATTERNS = 1 << 26, 200


def fit_likelihood(
    patterns: Patterns,
    classes: NDArray[Any],
    prior: ClassPrior | None = None,
    copies: tuple[int, ...] = (),
    labels: GoldCounts | None = None,
) -> tuple[list[str], Patterns, VoteModel]:
    """Fit the tables of LFs that err independently given the class, and abstain whatever the class is.

    Each LF has a table of its own where there are votes enough for its parameters (15 each), else one accuracy.
    The likelihood is as high if classes change places; majority vote, where EM starts, or gold labels choose.

    Parameters
    ----------
    patterns : Patterns
        The distinct rows, without gold labels.
    classes : ndarray of shape (n_classes,)
    prior : ClassPrior, default=None
        Where it is known, else it is learned.
    copies : tuple of int, default=()
        LFs that repeat others, to be left out: what two copies agree in would be taken for the truth.
    labels : GoldCounts, default=None
        Gold labels for EM to start from, in the order of the patterns' symbols.

    Returns
    -------
    reason : list of str
        Why the votes do not tell an LF's accuracy, "" where they do: copies, and an LF that never votes, that votes for
        something that is no class, that gives scores, or one vote only (or another in less than a twentieth of its
        votes), or that does not share rows with two others that share rows: nothing but an assumption tells it.
    part : Patterns
        Rows and votes of the LFs whose accuracy they tell, only some of the rows where they are many.
    model : VoteModel
        Of these LFs' votes, run to convergence; nothing is learned where there are none.
    """
    reason = _reasons(patterns, classes, copies)
    symbols = np.flatnonzero([not reason[lf] for lf in patterns.lf])
    part = of_symbols(patterns, symbols).informed()
    part = sampled(part, max(1, POSTERIOR_CELLS // len(classes)))[1]
    observed = observed_rows(part, classes)
    of_all = uniform_prior(len(classes)) if prior is None else prior
    model = nothing_told(observed, of_all, PRECISION)
    if not len(symbols):
        return reason, part, model
    blocks = model.rows(part)
    start = majority_start(observed, model, blocks)
    if labels is not None:
        labels = replace(labels, by_symbol=labels.by_symbol[symbols])
        start = start_with_labels(start, labels)
    model = dawid_skene(
        observed,
        model,
        start,
        blocks,
        strength=STRENGTH,
        one_coin_lfs=not enough_for_tables(part.counts().sum(), model.mu.size),
        informative_abstain=False,
        max_iter=MAX_ITER,
        tol=TOL,
    )
    return reason, part, model


def enough_for_tables(n_votes: float, n_parameters: int) -> bool:
    """Whether so many votes tell each LF's table rather than its accuracy alone."""
    return VOTES_PER_PARAMETER * n_parameters <= n_votes and n_parameters <= MOST_PARAMETERS


# Which LFs the votes tell of ----------------------------------------------------------------------


def _reasons(patterns: Patterns, classes: NDArray[Any], copies: tuple[int, ...] = ()) -> list[str]:
    """Why the votes do not tell an LF's accuracy, "" where they do."""
    lf, counts = patterns.lf, patterns.counts()
    votes = np.bincount(lf, counts, minlength=patterns.n_lfs)
    most = np.zeros(patterns.n_lfs)
    np.maximum.at(most, lf, counts)
    foreign = np.zeros(patterns.n_lfs, dtype=bool)
    foreign[lf[class_index(patterns.vote, classes) == len(classes)]] = True
    scored = np.zeros(patterns.n_lfs, dtype=bool)
    scored[lf[is_bin(patterns.vote)]] = True
    one_sided = votes - most < np.maximum(LEAST_VOTES, LEAST_SHARE * votes)
    copied = np.isin(np.arange(patterns.n_lfs), copies)
    usable = (votes > 0) & ~foreign & ~one_sided & ~copied
    met = in_triangles(patterns, usable)
    cases = [
        (votes == 0, NEVER_VOTES),
        (scored, SCORES),
        (foreign, FOREIGN),
        (one_sided, ONE_SIDED),
        (copied, COPY),
        (~met, ALONE),
    ]
    return [next((text for mask, text in cases if mask[j]), "") for j in range(patterns.n_lfs)]


def in_triangles(patterns: Patterns, usable: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which usable LFs share rows with two usable others that share rows, shape (n_lfs,)."""
    says = sp.csr_array(votes_by_lf(patterns)[:, np.flatnonzero(usable)])
    met = np.zeros(says.shape[1], dtype=bool)
    met[says[np.flatnonzero(np.diff(says.indptr) > 2)].indices] = True
    # The three need not meet in one row; few LFs are left to ask.
    left = np.flatnonzero(~met)
    beside = _others(says, left)
    near = np.unique(beside.indices)
    beside, among = beside[:, near], _others(says[:, near], np.arange(len(near)))
    met[left] = (beside @ among).multiply(beside).sum(axis=1) > 0
    found = usable.copy()
    found[usable] = met
    return found


def _others(says: sp.csr_array, lfs: NDArray[np.intp]) -> sp.csr_array:
    """Rows that some LFs share with each other LF, CSR array of shape (n_chosen, n_lfs)."""
    together = sp.coo_array(says[:, lfs].T @ says)
    row, other = together.coords
    apart = lfs[row] != other
    entries = (together.data[apart], (row[apart], other[apart]))
    return sp.csr_array(entries, shape=(len(lfs), says.shape[1]))


def of_symbols(patterns: Patterns, symbols: NDArray[np.intp]) -> Patterns:
    """The patterns with these symbols alone."""
    return replace(
        patterns,
        lf=patterns.lf[symbols],
        vote=patterns.vote[symbols],
        indicators=sp.csr_array(patterns.indicators[:, symbols]),
    )


def sampled(patterns: Patterns, n_patterns: int) -> tuple[NDArray[np.intp], Patterns]:
    """Evenly spaced rows, weighted up for those left out, and the patterns that they have.

    Parameters
    ----------
    patterns : Patterns
    n_patterns : int
        How many rows, at least 1; no more patterns than that remain, all where there are no more.

    Returns
    -------
    index : ndarray of shape (n_kept,)
    kept : Patterns
    """
    if len(patterns.weight) <= n_patterns:
        return np.arange(len(patterns.weight)), patterns
    ends = np.cumsum(patterns.weight)
    places = (np.arange(n_patterns) + 0.5) * ends[-1] / n_patterns
    index, count = np.unique(np.searchsorted(ends, places), return_counts=True)
    return index, patterns.only(index, count * ends[-1] / n_patterns)


def affordable(patterns: Patterns) -> tuple[NDArray[np.intp], Patterns]:
    """Patterns to count pairs in, evenly spaced where they are many: these stand for themselves, not for all."""
    per_row = patterns.indicators.nnz / max(1, len(patterns.weight))
    index, part = sampled(patterns, max(LEAST_PATTERNS, int(PAIR_PRODUCTS / max(1.0, per_row**2))))
    if len(index) == len(patterns.weight):
        return index, part
    read = len(index) / part.weight.sum()
    n_samples = round(part.n_samples * read)
    return index, replace(part, weight=part.weight * read, n_samples=n_samples)


# The estimate -------------------------------------------------------------------------------------


def start_with_labels(start: Expected, labels: GoldCounts) -> Expected:
    """The labels' counts, and a few rows like the start's for what they leave open."""
    counts, rows = start
    few = START_ROWS * len(labels.rows) / rows.sum()
    return labels.by_symbol + few * counts, labels.rows + few * rows


def table_of(model: VoteModel) -> NDArray[np.float64]:
    """P(symbol | Y, the LF votes) by a model of maximum likelihood, shape (n_symbols, n_classes)."""
    return np.asarray(model.mu / model.coverage[model.table.lf][:, None])


def tables_of(patterns: Patterns, model: VoteModel) -> NDArray[np.float64]:
    """P(vote | Y, the LF votes) of each symbol, P(vote | Y) of an LF of one symbol; (n_symbols, n_classes).

    Parameters
    ----------
    patterns : Patterns
    model : VoteModel
        A symbol that it does not know is taken to say nothing of the class.
    """
    mu = model.mu
    table = np.tile(patterns.counts()[:, None] / patterns.n_samples, (1, mu.shape[1]))
    place = places_of(patterns.lf, patterns.vote, model.table)
    known = np.flatnonzero(place < len(mu))
    table[known] = mu[place[known]]
    spoken = np.zeros((patterns.n_lfs, mu.shape[1]))
    np.add.at(spoken, patterns.lf, table)
    spoken[np.bincount(patterns.lf, minlength=patterns.n_lfs) == 1] = 1.0
    return np.asarray(table / spoken[patterns.lf])


def pattern_posterior(part: Patterns, model: VoteModel) -> NDArray[np.float64]:
    """P(Y | votes) of every pattern, shape (n_patterns, n_classes)."""
    return np.vstack([model.posterior(rows).T for rows in model.rows(part)])


# Intervals: the delta method's, on the scale of log-odds ------------------------------------------


def accuracy_intervals(
    reason: list[str], part: Patterns, model: VoteModel, level: float = 0.95
) -> NDArray[np.float64]:
    """Estimate how often each LF is right, and how far off the estimate may be.

    Parameters
    ----------
    reason, part, model
        As `fit_likelihood` returns them.
    level : float, default=0.95
        Probability, in (0, 1), that an interval holds the true accuracy, if LFs err independently.

    Returns
    -------
    intervals : ndarray of shape (4, n_lfs)
        The estimate, the lower and the upper end, and the accuracy that the LF's votes would have if they were dealt to
        its rows at random; NaN where the votes do not tell.

    Examples
    --------
    >>> from sklearn_labelmodel._votes.gold import no_gold
    >>> from sklearn_labelmodel.inspection._report.likelihood import fit_likelihood
    >>> from sklearn_labelmodel._votes.patterns import read_patterns
    >>> from sklearn_labelmodel._votes.reader import read_votes
    >>> from sklearn_labelmodel.datasets import make_label_matrix
    >>> data = make_label_matrix(2000, 5, accuracy=[0.9, 0.8, 0.8, 0.7, 0.3], random_state=0)
    >>> patterns = read_patterns(read_votes(data.L, abstain=-1), no_gold(2000))
    >>> estimate, low, high, chance = accuracy_intervals(*fit_likelihood(patterns, patterns.vote[:2]))
    >>> bool(high[4] < chance[4])
    True
    """
    known = np.array([not text for text in reason])
    intervals = np.full((4, len(known)), np.nan)
    if known.any():
        named, votes = class_index(part.vote, model.classes), part.counts()
        with_tables = enough_for_tables(votes.sum(), model.mu.size)
        errors = _table_errors if with_tables else _coin_errors
        accuracy, error = (values[known] for values in errors(part, model, named))
        reach = ndtri((1 + level) / 2) * error
        low, high = expit(logit(accuracy) - reach), expit(logit(accuracy) + reach)
        right = np.bincount(part.lf, votes * model.prior.of_all[named], minlength=part.n_lfs)
        chance = right / np.maximum(part.coverage() * part.n_samples, 1)
        intervals[:, known] = accuracy, low, high, chance[known]
    return intervals


def _coin_errors(
    part: Patterns, model: VoteModel, named: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Accuracies and standard errors of their log-odds, where each LF has one accuracy."""
    lf_of, prior, n_lfs = part.lf, model.prior.of_all, part.n_lfs
    n_classes = len(prior)
    accuracy = np.full(n_lfs, PRECISION)
    accuracy[lf_of] = table_of(model)[np.arange(len(lf_of)), named]
    _, part = sampled(part, SCORE_CELLS // (n_lfs + n_classes))
    proba, symbol = pattern_posterior(part, model), part.indicators.indices
    row, lf = np.repeat(np.arange(len(proba)), np.diff(part.indicators.indptr)), lf_of[symbol]
    scores = np.zeros((len(proba), n_lfs + n_classes))
    scores[row, lf] = proba[row, named[symbol]] - accuracy[lf]
    scores[:, n_lfs:] = proba - prior
    information = scores.T @ (scores * part.weight[:, None])
    slope = accuracy * (1 - accuracy)
    information += np.diag(np.append(STRENGTH * slope, np.ones(n_classes)))
    learned = len(information) if not model.prior.known else n_lfs
    variance = np.diagonal(np.linalg.inv(information[:learned, :learned]))[:n_lfs]
    return accuracy, np.sqrt(variance)


def _table_errors(
    part: Patterns, model: VoteModel, named: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Accuracies and standard errors of their log-odds, where each LF has a table.

    The parameters are logarithms of P(symbol | Y, LF votes), class by class, and of P(Y), each up to a
    constant of its own, which the gradient of an accuracy does not feel.
    """
    table, same_lf = table_of(model), part.lf[:, None] == part.lf
    products = (part.indicators.nnz / len(part.weight) * len(model.classes)) ** 2
    information = _information(sampled(part, int(PRODUCTS / products))[1], table, same_lf, model)
    accuracy, gradient = _gradient(part, table, named, model.prior.of_all)
    learned = len(gradient) if not model.prior.known else table.size
    gradient, information = gradient[:learned], information[:learned, :learned]
    variance = (gradient * np.linalg.solve(information, gradient)).sum(axis=0)
    with np.errstate(invalid="ignore"):
        return accuracy, np.sqrt(variance) / (accuracy * (1 - accuracy))


def _information(
    part: Patterns,
    table: NDArray[np.float64],
    same_lf: NDArray[np.bool_],
    model: VoteModel,
) -> NDArray[np.float64]:
    """Sum of the products of the rows' scores, and the curvature of the Dirichlet priors."""
    indicators, weight, proba = part.indicators, part.weight, pattern_posterior(part, model)
    (n_symbols, n_classes), surplus = table.shape, proba - model.prior.of_all
    size = n_symbols * n_classes + n_classes
    information, tail = np.zeros((size, size)), slice(n_symbols * n_classes, size)
    # A row's score in a class: which symbols it holds, less what the table expects of the LFs that vote.
    less = [np.eye(n_symbols) - same_lf * column for column in table.T]
    at = [slice(y * n_symbols, (y + 1) * n_symbols) for y in range(n_classes)]
    for y in range(n_classes):
        shares = (weight * proba[:, y])[:, None]
        for z in range(y, n_classes):
            pairs = indicators.T @ (indicators * (shares * proba[:, [z]]))
            information[at[y], at[z]] = less[y].T @ pairs.toarray() @ less[z]
            information[at[z], at[y]] = information[at[y], at[z]].T
        information[at[y], tail] = less[y].T @ (indicators.T @ (shares * surplus))
        information[tail, at[y]] = information[at[y], tail].T
        column = table[:, y]
        curvature = np.diag(column) - np.outer(column, column) * same_lf
        information[at[y], at[y]] += STRENGTH * curvature + same_lf
    information[tail, tail] = surplus.T @ (surplus * weight[:, None]) + np.eye(n_classes)
    return information


def _gradient(
    part: Patterns,
    table: NDArray[np.float64],
    named: NDArray[np.intp],
    prior: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Each LF's accuracy, and its derivatives, shape (n_parameters, n_lfs)."""
    (n_symbols, n_classes), n_lfs, lf = table.shape, part.n_lfs, part.lf
    symbol = np.arange(n_symbols)
    right = table[symbol, named]
    joint = prior[named] * right
    accuracy = np.bincount(lf, joint, minlength=n_lfs).astype(np.float64)
    gradient = np.zeros((n_classes, n_symbols, n_lfs))
    for u, (y, j) in enumerate(zip(named, lf, strict=True)):
        gradient[y, :, j] += joint[u] * ((symbol == u) - table[:, y] * (lf == j))
    right_in = np.zeros((n_classes, n_lfs))
    np.add.at(right_in, (named, lf), right)
    of_prior = prior[:, None] * (right_in - accuracy)
    return accuracy, np.vstack([gradient.reshape(-1, n_lfs), of_prior])
