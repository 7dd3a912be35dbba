"""Matrix completion: mu from how often pairs of votes occur together (Ratner et al. 2019).

With O the symbols' co-occurrence frequencies and p the class prior, P = diag(p),

    loss(mu) = ||mask * (O - mu P mu^T)||_F^2 + ||mu p - diag(O)||^2 + l2^2 ||mu - center||_F^2

where mask is 0 between symbols of one LF and of LFs declared dependent. The objectives are written in operators
that NumPy arrays and torch tensors share, so that this module needs neither torch nor a second version of the
formulae.

References
----------
A. Ratner, B. Hancock, J. Dunnmon, F. Sala, S. Pandey, C. Re. Training Complex Models with Multi-Task
Weak Supervision. AAAI 2019. The l2 term is that of Snorkel 0.10.0.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from math import ceil, log2
from typing import TYPE_CHECKING, Any, Generic

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from .._evidence.model import History, VoteModel, accuracies_by_mu, groups_of
from .._evidence.table import one_coin, snorkel_start
from .._votes.pairs import PairCounts
from .factored import Array, FactoredObjective, factored, in_runs_of_rows, pull
from .observed import Observed
from .torch_steps import (
    Evaluate,
    TrainingSettings,
    find_device,
    on_device,
    reported,
    steps_as_given,
)

if TYPE_CHECKING:
    import torch

logger = logging.getLogger("sklearn_labelmodel")
DENSE_SYMBOLS = 160
# Symbols from which on plain SGD may halve a rate at which the loss rises, and the part of the first loss that it
# must rise by.
MANY_SYMBOLS, RISE = 32, 1e-6
_OF_THREAD = threading.local()


def complete_pairs(
    observed: Observed, model: VoteModel, *, settings: TrainingSettings
) -> VoteModel:
    """Learn mu from pairs of votes, leaving out those of LFs that are to be kept apart.

    The l2 term pulls to the start; training starts there too, or with `init="snorkel"` at a random multiple of it.

    Parameters
    ----------
    observed : Observed
    model : VoteModel
        Its accuracies are those that are assumed.
    settings : TrainingSettings

    Raises
    ------
    FloatingPointError
        The loss is not finite.
    ValueError
        Unknown optimizer, scheduler, parameter of either, or device.
    """
    prior, pairs, plain = model.prior.of_mu, model.dependence.apart, settings.init == "snorkel"
    start = snorkel_start if plain else one_coin
    each = model.accuracies[observed.lf]
    center = start(observed.meaning, each, observed.frequency, prior)
    apart = groups_of(pairs, observed.n_lfs) if len(pairs) else None
    objective = make_objective(observed.statistics, prior, center, settings.l2, apart)
    scale = _first_number(settings.random_state) if plain else 1.0
    mu, history = train(objective, center * scale, settings)
    mu = np.clip(mu, model.mu_eps, 1 - model.mu_eps)
    mu = align_columns(mu, observed.symbol_class, prior)
    return replace(model, mu=mu, coverage=observed.coverage, history=history)


def _first_number(random_state: int | np.random.RandomState | None) -> float:
    """The first uniform number of a random state; None draws a seed from the operating system."""
    if isinstance(random_state, np.random.RandomState):
        return float(random_state.random_sample())
    # To seed a generator anew is fifty times cheaper than to make one, which takes a tenth of a small fit.
    if not hasattr(_OF_THREAD, "generator"):
        _OF_THREAD.generator = np.random.RandomState()
    _OF_THREAD.generator.seed(random_state)
    return float(_OF_THREAD.generator.random_sample())


def align_columns(
    mu: NDArray[np.float64], symbol_class: NDArray[np.intp], prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Permute mu's columns so that votes agree with the classes they name as often as they can.

    Among classes whose priors are equal to three digits, as in Snorkel, the permutation maximises the sum
    over LFs of P(vote = y, Y = y).

    Parameters
    ----------
    mu : ndarray of shape (n_symbols, n_classes)
    symbol_class : ndarray of shape (n_symbols,)
        Class that each symbol votes for; n_classes where it is none.
    prior : ndarray of shape (n_classes,)

    Returns
    -------
    mu : ndarray of shape (n_symbols, n_classes)
    """
    n_classes = len(prior)
    joint = np.zeros((n_classes + 1, n_classes))
    np.add.at(joint, symbol_class, mu * prior)
    columns = np.arange(n_classes)
    if (joint[:-1].argmax(axis=1) == columns).all():
        return mu
    from scipy.optimize import linear_sum_assignment

    rounded = np.round(prior, 3)
    for value in set(rounded.tolist()):
        group = np.flatnonzero(rounded == value)
        agreement = joint[group[:, None], group]
        rows, best = linear_sum_assignment(agreement, maximize=True)
        if agreement[rows, best].sum() > np.trace(agreement):
            columns[group] = group[best]
    # Selecting columns transposes the memory, of which later look-ups want the rows.
    return np.ascontiguousarray(mu[:, columns])


# Loss and gradient --------------------------------------------------------------------------------


@dataclass(frozen=True)
class DenseObjective(Generic[Array]):
    """Forms mu P mu^T: few operations, for few symbols.

    The marginal term is one of co-occurrences too: with a symbol that is always there. It stands in the last
    row and column, so each counts half.

    Attributes
    ----------
    center : array of shape (n_symbols, n_classes)
        Where the l2 term pulls.
    l2 : float
    weights : array of shape (n_symbols + 1, n_symbols + 1)
        Four times the mask, bordered by halves: a derivative's factor, so that it is not applied later.
    bordered_target : array of shape (n_symbols + 1, n_symbols + 1)
        The target, bordered by the frequencies.
    bordered_mu : array of shape (n_symbols + 1, n_classes)
        Room for mu above a row of ones.
    bordered_prior : array of shape (n_symbols + 1, n_classes)
        The prior in every row.
    """

    center: Array
    l2: float
    weights: Array
    bordered_target: Array
    bordered_mu: Array
    bordered_prior: Array

    def loss_and_gradient(self, mu: Array) -> tuple[Any, Array]:
        """Loss at mu, a scalar, and its gradient, of shape (n_symbols, n_classes).

        Rounding may leave the loss of a perfect fit a little below zero.
        """
        bordered = self.bordered_mu
        bordered[:-1] = mu
        weighted = bordered * self.bordered_prior
        residual = weighted @ bordered.T
        residual -= self.bordered_target
        counted = residual * self.weights
        loss, gradient = residual.ravel() @ counted.ravel() / 4, counted[:-1] @ weighted
        if self.l2:
            away, its_gradient = pull(mu, self.center, self.l2)
            return loss + away, gradient + its_gradient
        return loss, gradient


Objective = DenseObjective[Array] | FactoredObjective[Array]


def make_objective(
    statistics: PairCounts,
    prior: NDArray[np.float64],
    center: NDArray[np.float64],
    l2: float,
    dependent: sp.csr_array | None = None,
) -> Objective[NDArray[np.float64]]:
    """The objective in the form that is cheaper for so many symbols.

    Parameters
    ----------
    statistics : PairCounts
    prior : ndarray of shape (n_classes,)
    center : ndarray of shape (n_symbols, n_classes)
    l2 : float
    dependent : CSR array of shape (n_lfs, n_lfs), default=None
        With an entry for each pair of LFs, in both directions, that mask is to leave out.
    """
    if statistics.lf.size > DENSE_SYMBOLS:
        return factored(statistics, prior, center, l2, dependent)
    lf, pairs = statistics.lf, statistics.cooccurrence
    apart = lf[:, None] != lf
    if dependent is not None:
        apart &= dependent[lf][:, lf].toarray() == 0
    frequency = statistics.counts[:, None] / statistics.n_samples
    target = np.where(apart, pairs, 0.0) / statistics.n_samples
    halves, nothing = np.full_like(frequency, 2.0), np.zeros((1, 1))
    return DenseObjective(
        center,
        l2,
        weights=np.block([[4.0 * apart, halves], [halves.T, nothing]]),
        bordered_target=np.block([[target, frequency], [frequency.T, nothing]]),
        bordered_mu=np.vstack([center, np.ones_like(prior)]),
        bordered_prior=np.tile(prior, (len(center) + 1, 1)),
    )


# Training -----------------------------------------------------------------------------------------


def train(
    objective: Objective[NDArray[np.float64]],
    start: NDArray[np.float64],
    settings: TrainingSettings,
) -> tuple[NDArray[np.float64], History]:
    """Minimise the objective from a start by full-batch steps, one an epoch.

    Parameters
    ----------
    objective : Objective
        Over NumPy arrays.
    start : ndarray of shape (n_symbols, n_classes)
    settings : TrainingSettings

    Returns
    -------
    mu : ndarray of shape (n_symbols, n_classes)
    history : History

    Raises
    ------
    FloatingPointError
        The loss is not finite.
    ValueError
        Unknown optimizer, scheduler, parameter of either, or device.
    """
    import torch

    evaluate: Evaluate
    device = "cpu" if settings.device == "cpu" else find_device(settings.device)
    if device == "cpu":
        # NumPy computes on the parameter's own memory: for the small products that an epoch mostly is, torch wakes
        # threads that cost more than the product.
        memory = start.copy()
        if isinstance(objective, FactoredObjective):
            objective = in_runs_of_rows(objective, start)
        mu, evaluate = torch.from_numpy(memory), partial(objective.loss_and_gradient, memory)
    else:
        mu, evaluate = on_device(objective, start, device)
    steps, plain = None, settings.optimizer == "sgd" and settings.lr_scheduler == "constant"
    if not plain or settings.optimizer_params or settings.lr_scheduler_params:
        steps = steps_as_given(mu, evaluate, settings)
    steps = islice(steps or _descend(mu, evaluate, settings), settings.n_epochs)
    if settings.verbose or logger.isEnabledFor(logging.INFO):
        steps = reported(steps, settings)
    losses: list[Any] = []
    converged = None if settings.tol is None else False
    # What overflows is reported below, with its epoch.
    with torch.no_grad(), np.errstate(over="ignore", invalid="ignore"):
        for loss in steps:
            losses.append(loss)
            if settings.tol is not None and _at_rest(losses, settings.tol):
                converged = True
                break
        losses.append(evaluate()[0])
    curve = np.array([float(loss) for loss in losses])
    if not np.isfinite(curve).all():
        raise _not_finite(curve, settings.lr)
    # Rounding may leave a perfect fit a little below zero.
    curve = np.maximum(curve, 0.0)
    highest = curve[0]
    if curve[-1] > highest and (settings.l2 or settings.optimizer != "sgd"):
        # Weight decay may raise the loss up to that of a mu of zeros, and adaptive steps may end a little above a start
        # that is close to the optimum.
        highest = max(2 * curve[0], objective.loss_and_gradient(0 * start)[0])
    history = History(curve[:-1], float(curve[-1]), converged, bool(curve[-1] > highest))
    return mu.cpu().numpy().astype(float), history


def _at_rest(losses: Sequence[Any], tol: float) -> bool:
    """Whether the last epoch changed the loss by no more than tol times the first loss."""
    return len(losses) > 1 and abs(float(losses[-2] - losses[-1])) <= tol * float(losses[0])


def _not_finite(losses: NDArray[np.float64], lr: float) -> FloatingPointError:
    epoch = int(np.flatnonzero(~np.isfinite(losses))[0])
    return FloatingPointError(
        f"The loss is {losses[epoch]} at epoch {epoch}: training diverged. Lower lr (it is {lr:g}), "
        "or the momentum in optimizer_params."
    )


def _descend(mu: torch.Tensor, evaluate: Evaluate, settings: TrainingSettings) -> Iterator[Any]:
    """Steps of SGD at a constant rate, each the loss that it started from; to the bit as torch.optim.SGD downhill.

    A step that goes up is taken back, and the rate is halved from there on: the loss is the steeper the more symbols a
    row holds, so that a rate that suits ten LFs leads nowhere with two hundred. It may be halved as often as there are
    twice as many symbols as `MANY_SYMBOLS`; one that is too high for few symbols is the user's to mend.

    Written out since twenty symbols take longer to dispatch than to step, and as torch's optimizers load
    its compiler at first use, which takes seconds.
    """
    import torch

    lr, halvings = settings.lr, max(0, ceil(log2(len(mu) / MANY_SYMBOLS)))
    before: tuple[Any, torch.Tensor, float, torch.Tensor] | None = None
    noise = 0.0
    while True:
        loss, change = evaluate()
        # The height of what SGD with weight decay minimises.
        direction, height = torch.as_tensor(change), float(loss)
        if settings.l2:
            height += settings.l2 / 2 * float((mu * mu).sum())
            direction = direction.add(mu, alpha=settings.l2)
        if before is None:
            noise = RISE * abs(height)
        else:
            last_loss, last_direction, last_height, place = before
            if halvings and not height <= last_height + noise:
                lr, halvings = lr / 2, halvings - 1
                mu.copy_(place)
                mu.add_(last_direction, alpha=-lr)
                continue
            yield last_loss
        before = loss, direction, height, mu.clone()
        mu.add_(direction, alpha=-lr)


# What mu says -------------------------------------------------------------------------------------


def believe_mu(observed: Observed, model: VoteModel, *, tempering: float) -> VoteModel:
    """Votes say what mu says, and the class prior is that of all rows: without tempering what the paper describes."""
    joint = np.ones(observed.n_lfs, dtype=bool)
    table = replace(model.table, log_p=np.log(model.mu), joint=joint)
    prior = replace(model.prior, of_voted=model.prior.of_all, of_voteless=model.prior.of_all)
    model = replace(model, table=table, prior=prior, tempering=tempering)
    return replace(model, accuracies=accuracies_by_mu(model, observed.is_right))
