"""Intervals for the accuracies of labeling functions: the delta method's, on the scale of log-odds.

The information that the rows hold, the class prior's included, is summed up from their scores and inverted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri

from ..._evidence.model import VoteModel
from ..._votes.patterns import Patterns
from .facts import AccuracyIntervals
from .likelihood import PRECISION, STRENGTH, LikelihoodFit, pattern_posterior, sampled

SCORE_CELLS, PRODUCTS = 1 << 24, 1 << 28


def accuracy_intervals(fit: LikelihoodFit, level: float = 0.95) -> AccuracyIntervals:
    """Estimate how often each LF is right, and how far off the estimate may be.

    Parameters
    ----------
    fit : LikelihoodFit
    level : float, default=0.95
        Probability, in (0, 1), that an interval holds the true accuracy, if LFs err independently.

    Returns
    -------
    intervals : AccuracyIntervals

    Examples
    --------
    >>> from sklearn_labelmodel._votes.gold import no_gold
    >>> from sklearn_labelmodel.inspection._report.likelihood import fit_likelihood
    >>> from sklearn_labelmodel._votes.patterns import read_patterns
    >>> from sklearn_labelmodel._votes.reader import read_votes
    >>> from sklearn_labelmodel.datasets import make_label_matrix
    >>> data = make_label_matrix(2000, 5, accuracy=[0.9, 0.8, 0.8, 0.7, 0.3], random_state=0)
    >>> patterns = read_patterns(read_votes(data.L, abstain=-1), no_gold(2000))
    >>> intervals = accuracy_intervals(fit_likelihood(patterns, patterns.vote[:2]))
    >>> bool(intervals.high[4] < 0.5)
    True
    """
    known = fit.known
    estimate, low, high, chance = np.full((4, len(known)), np.nan)
    if known.any():
        errors = _coin_errors if fit.coins else _table_errors
        accuracy, error = (values[known] for values in errors(fit))
        reach = ndtri((1 + level) / 2) * error
        estimate[known], chance[known] = accuracy, _by_chance(fit)[known]
        low[known], high[known] = expit(logit(accuracy) - reach), expit(logit(accuracy) + reach)
    return AccuracyIntervals(estimate, low, high, chance, fit.reason)


def _by_chance(fit: LikelihoodFit) -> NDArray[np.float64]:
    patterns, prior = fit.patterns, fit.model.prior.of_all
    right = patterns.counts() * prior[fit.symbol_class]
    votes = np.maximum(patterns.coverage() * patterns.n_samples, 1)
    return np.bincount(patterns.lf, right, minlength=patterns.n_lfs) / votes


def _coin_errors(fit: LikelihoodFit) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Accuracies and standard errors of their log-odds, where each LF has one accuracy."""
    lf_of, prior = fit.patterns.lf, fit.model.prior.of_all
    n_lfs, n_classes = fit.patterns.n_lfs, len(prior)
    accuracy = np.full(n_lfs, PRECISION)
    accuracy[lf_of] = fit.table[np.arange(len(lf_of)), fit.symbol_class]
    _, part = sampled(fit.patterns, SCORE_CELLS // (n_lfs + n_classes))
    proba, symbol = pattern_posterior(part, fit.model), part.indicators.indices
    row, lf = np.repeat(np.arange(len(proba)), np.diff(part.indicators.indptr)), lf_of[symbol]
    scores = np.zeros((len(proba), n_lfs + n_classes))
    scores[row, lf] = proba[row, fit.symbol_class[symbol]] - accuracy[lf]
    scores[:, n_lfs:] = proba - prior
    information = scores.T @ (scores * part.weight[:, None])
    slope = accuracy * (1 - accuracy)
    information += np.diag(np.append(STRENGTH * slope, np.ones(n_classes)))
    learned = len(information) if not fit.model.prior.known else n_lfs
    variance = np.diagonal(np.linalg.inv(information[:learned, :learned]))[:n_lfs]
    return accuracy, np.sqrt(variance)


def _table_errors(fit: LikelihoodFit) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Accuracies and standard errors of their log-odds, where each LF has a table.

    The parameters are logarithms of P(symbol | Y, LF votes), class by class, and of P(Y), each up to a
    constant of its own, which the gradient of an accuracy does not feel.
    """
    indicators, lf = fit.patterns.indicators, fit.patterns.lf
    same_lf = lf[:, None] == lf
    products = (indicators.nnz / len(fit.patterns.weight) * len(fit.model.prior.of_all)) ** 2
    _, part = sampled(fit.patterns, int(PRODUCTS / products))
    information = _table_information(part, fit.table, same_lf, fit.model)
    accuracy, gradient = _table_gradient(fit, same_lf)
    learned = len(gradient) if not fit.model.prior.known else fit.table.size
    gradient, information = gradient[:learned], information[:learned, :learned]
    variance = (gradient * np.linalg.solve(information, gradient)).sum(axis=0)
    with np.errstate(invalid="ignore"):
        return accuracy, np.sqrt(variance) / (accuracy * (1 - accuracy))


def _table_information(
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


def _table_gradient(
    fit: LikelihoodFit, same_lf: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Each LF's accuracy, and its derivatives, shape (n_parameters, n_lfs)."""
    table, prior, symbol_class, lf = (
        fit.table,
        fit.model.prior.of_all,
        fit.symbol_class,
        fit.patterns.lf,
    )
    (n_symbols, n_classes), n_lfs = table.shape, fit.patterns.n_lfs
    symbol = np.arange(n_symbols)
    right = table[symbol, symbol_class]
    joint = prior[symbol_class] * right
    accuracy = np.bincount(lf, joint, minlength=n_lfs).astype(np.float64)
    gradient = np.zeros((n_classes, n_symbols, n_lfs))
    for u, (y, j) in enumerate(zip(symbol_class, lf, strict=True)):
        gradient[y, :, j] += joint[u] * ((symbol == u) - table[:, y] * same_lf[u])
    right_in = np.zeros((n_classes, n_lfs))
    np.add.at(right_in, (symbol_class, lf), right)
    of_prior = prior[:, None] * (right_in - accuracy)
    return accuracy, np.vstack([gradient.reshape(-1, n_lfs), of_prior])
