"""Known shares of the classes: what they say of rows with votes, and of labeling functions (LFs) of one symbol.

A class prior says how frequent the classes are. Posteriors need not agree with it: where LFs vote for one class more
often than it occurs, posteriors do too. Factors for the classes mend that, chosen such that the mean posterior of the
rows with votes has the known shares, but for some slack: a known expectation constrains the posterior (Mann and
McCallum; Ganchev et al.). From posteriors of known shares, one learns how precise LFs of one vote are. Then
that they are silent is evidence too; without known shares it would tilt all rows to classes that they do not vote for.

References
----------
G. S. Mann, A. McCallum. Simple, Robust, Scalable Semi-Supervised Learning via Expectation Regularization. ICML 2007.

K. Ganchev, J. Graca, J. Gillenwater, B. Taskar. Posterior Regularization for Structured Latent Variable Models.
Journal of Machine Learning Research 11, 2010.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .._evidence.model import Rows, VoteModel, expected_counts
from .._evidence.table import PRIOR_VOTES, shrink
from .em import mean_with_mu
from .observed import Observed

# The slack of shares known exactly, of infinitely many rows, and what few rows or labels add to it.
SLACK, SAMPLING_SLACK = 0.03, 8.0
# An LF of one symbol is silent in a fifth of its class's rows at least, since rules that exclude each other would seem
# to know more otherwise; and rows with votes keep a fifth of a class's expected share at least.
LEAST_LEFT = 0.2
CONFIRMATIONS = 3


def match_shares(observed: Observed, model: VoteModel, *, silence: bool) -> VoteModel:
    """Offsets of the classes such that posteriors of rows with votes have the known shares, in the mean, nearly.

    Parameters
    ----------
    observed : Observed
    model : VoteModel
        Whose prior is known.
    silence : bool
        Whether it is evidence that an LF of one symbol is silent.
    """
    return _matched(model, model.rows(observed.sample), silence=silence)


def _matched(model: VoteModel, blocks: list[Rows], *, silence: bool) -> VoteModel:
    told = with_silence(model) if silence else model
    scored = [(told.scores(block), block.weight) for block in blocks]
    return replace(told, offsets=offsets(scored, model.prior.of_voted, model.prior.n_labels))


def offsets(
    scored: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
    shares: NDArray[np.float64],
    n_labels: float,
) -> NDArray[np.float64]:
    """Offsets c that give posteriors in proportion to exp(score + c) known shares, shape (n_classes,).

    With m the mean of these posteriors,

        m = shares - slack c,    slack = 0.03 + 8 / rows + 8 / labels.

    So the fewer rows there are, and labels that the shares were counted from, the smaller c is. Their sum is 0.

    Parameters
    ----------
    scored : list of (scores of shape (n_classes, n_rows), weight of shape (n_rows,))
    shares : ndarray of shape (n_classes,)
    n_labels : float
        Labels that the shares were counted from; infinitely many where they are given.
    """
    from scipy.optimize import minimize

    n_rows = sum(weight.sum() for _, weight in scored)
    slack = SLACK + SAMPLING_SLACK * (1 / n_rows + 1 / n_labels)

    def loss_and_gradient(c: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        level, mean = 0.0, np.zeros_like(c)
        for scores, weight in scored:
            likely = scores + c[:, None]
            highest = likely.max(axis=0)
            likely -= highest
            np.exp(likely, out=likely)
            total = likely.sum(axis=0)
            level += weight @ (np.log(total) + highest)
            mean += likely @ (weight / total)
        loss = level / n_rows - shares @ c + slack / 2 * c @ c
        return loss, mean / n_rows - shares + slack * c

    options = {"gtol": 1e-9, "ftol": 0.0, "maxiter": 200}
    start = np.zeros_like(shares)
    found = minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", options=options)
    return np.asarray(found.x)


def with_silence(model: VoteModel) -> VoteModel:
    """The model in which the silence of LFs with a joint table is evidence: part of the prior of rows with votes.

    The vote of such an LF then only says so against its silence.
    """
    table, prior = model.table, model.prior
    telling = table.joint[table.lf]
    silence = _log_silence(table.log_p[telling])
    log_p = table.log_p.copy()
    log_p[telling] -= silence
    log_shares = np.log(prior.of_voted) + silence.sum(axis=0)
    shares = np.exp(log_shares - log_shares.max())
    shares /= shares.sum()
    return replace(model, table=replace(table, log_p=log_p), prior=replace(prior, of_voted=shares))


def _log_silence(log_p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log P(the LF of one symbol is silent | Y)."""
    return np.asarray(np.log(np.maximum(1 - np.exp(log_p), LEAST_LEFT)))


# LFs of one symbol --------------------------------------------------------------------------------


def confirm(observed: Observed, model: VoteModel, *, tempering: float) -> VoteModel:
    """What rows of given shares say of LFs of one symbol, and these of the shares among rows with votes, in turns."""
    if observed.has_choice.all():
        return model
    model = replace(model, tempering=tempering)
    blocks = model.rows(observed.sample)
    for _ in range(CONFIRMATIONS):
        model = _with_voted_shares(observed, model)
        matched = _matched(mean_with_mu(observed, model, tempering=tempering), blocks, silence=True)
        counts, *_ = expected_counts(matched, blocks)
        log_p = confirmed(observed, model.table.log_p, counts, model.prior.of_all)
        model = replace(model, table=replace(model.table, log_p=log_p))
    return _with_voted_shares(observed, model)


def _with_voted_shares(observed: Observed, model: VoteModel) -> VoteModel:
    joint = model.table.joint[model.table.lf]
    shares = voted_shares(model.table.log_p[joint], model.prior.of_all, observed.voted_share)
    return replace(model, prior=replace(model.prior, of_voted=shares))


def voted_shares(
    log_p: NDArray[np.float64], prior: NDArray[np.float64], voted: float
) -> NDArray[np.float64]:
    """Shares of the classes among rows with votes: what rows without votes leave of a known class prior.

    LFs of one symbol are silent where their class is not, so that classes of rows without votes are in proportion to
    the prior times the product of 1 - P(symbol | Y); see `left_to_voted`.

    Parameters
    ----------
    log_p : ndarray of shape (n_single, n_classes)
        log P(symbol | Y) of LFs of one symbol.
    prior : ndarray of shape (n_classes,)
    voted : float
        Share of the rows that have a vote.

    Returns
    -------
    shares : ndarray of shape (n_classes,)
        Positive, adding up to 1.
    """
    silence = _log_silence(log_p).sum(axis=0)
    voteless = prior * np.exp(silence - silence.max())
    voteless /= voteless.sum()
    return left_to_voted(prior, voteless, voted)


def left_to_voted(
    shares: NDArray[np.float64], voteless: NDArray[np.float64], voted: float
) -> NDArray[np.float64]:
    """What rows without votes leave of class shares to those with votes: a fifth of what these would have, at least.

    Parameters
    ----------
    shares, voteless : ndarray of shape (n_classes,)
        Of all rows, and of those without votes.
    voted : float
        Share of the rows that have a vote.
    """
    left = np.maximum(shares - (1 - voted) * voteless, LEAST_LEFT * voted * shares)
    return np.asarray(left / left.sum())


def confirmed(
    observed: Observed,
    log_p: NDArray[np.float64],
    counts: NDArray[np.float64],
    shares: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The table in which LFs of one symbol are as precise as rows say, where that is more than before.

    A symbol's precision is the share of its class in the expected counts, after adding ten votes of the precision
    that it has in `log_p`. What is learned of symbols that are less precise is not taken over: their errors are
    those that LFs make together. P(symbol | Y) is at most 1, so that a frequent vote for a rare class stays less
    precise than learned.

    Parameters
    ----------
    observed : Observed
    log_p, counts : ndarray of shape (n_symbols, n_classes)
        log P(symbol | Y), for LFs of one symbol; expected rows of each class that hold the symbol.
    shares : ndarray of shape (n_classes,)
        The known class prior.
    """
    symbols = np.flatnonzero(~observed.has_choice[observed.lf] & observed.names_class)
    own = np.arange(len(symbols)), observed.symbol_class[symbols]
    before = np.exp(log_p[symbols]) * shares
    before /= before.sum(axis=1, keepdims=True)
    of_symbol = counts[symbols]
    learned = shrink(of_symbol, before, PRIOR_VOTES, of_symbol.sum(axis=1, keepdims=True))
    raised = np.flatnonzero(learned[own] > before[own])
    likely = learned[raised] * observed.frequency[symbols[raised], None] / shares
    table = log_p.copy()
    table[symbols[raised]] = np.log(np.minimum(likely, 1.0))
    return table
