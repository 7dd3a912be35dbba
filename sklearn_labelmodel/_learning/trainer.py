"""The training loop; it and `_schedules` alone know torch, and import it when a fit first needs it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from inspect import signature
from itertools import pairwise
from math import ceil, log2
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads

from .._evidence.model import History
from .._utils import quoted
from .completion import FactoredObjective, Objective
from .schedules import Advance, schedule_params, torch_schedule

if TYPE_CHECKING:
    import torch

    from .._utils.types import PairMatrix


Evaluate = Callable[[], tuple[Any, Any]]
Step = Callable[[], Any]
logger = logging.getLogger("sklearn_labelmodel")
# Multiplications of a product that BLAS does without rearranging its factors.
SMALL_PRODUCT, LEAST_ROWS = 1_000_000, 16
# Symbols from which on plain SGD may halve a rate at which the loss rises, and the part of the first loss that it
# must rise by.
MANY_SYMBOLS, RISE = 32, 1e-6
OPTIMIZERS = {"sgd": "SGD", "adam": "Adam", "adamax": "Adamax"}


class TrainingSettings(Protocol):
    """How to train: parameters of `LabelModelClassifier`."""

    n_epochs: int
    lr: float
    l2: float
    optimizer: str | type
    optimizer_params: dict[str, Any] | None
    lr_scheduler: str
    lr_scheduler_params: dict[str, Any] | None
    tol: float | None
    device: str
    verbose: int
    log_freq: int


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

    mu, evaluate = _on_device(objective, start, _device(settings.device))
    step, advance = _plain_sgd(mu, evaluate, settings) or _torch_steps(mu, evaluate, settings)
    losses: list[float | torch.Tensor] = []
    converged = None if settings.tol is None else False
    # What overflows is reported below, with its epoch.
    quiet = np.errstate(over="ignore", invalid="ignore")
    with torch.no_grad(), quiet, _reporter(settings) as report:
        while len(losses) < settings.n_epochs and not converged:
            losses.append(step())
            if advance is not None:
                advance(len(losses) - 1)
            if report is not None:
                report(losses)
            if settings.tol is not None:
                converged = _at_rest(losses, settings.tol)
        final, _ = evaluate()
    curve = np.array([float(loss) for loss in [*losses, final]])
    _check_finite(curve, settings.lr)
    # Rounding may leave a perfect fit a little below zero.
    curve = np.maximum(curve, 0.0)
    diverged = curve[-1] > curve[0]
    if diverged and (settings.l2 or settings.optimizer != "sgd"):
        # Weight decay may raise the loss up to that of a mu of zeros, and adaptive steps may end a little above a start
        # that is close to the optimum.
        diverged = curve[-1] > max(2 * curve[0], objective.loss_and_gradient(0 * start)[0])
    history = History(curve[:-1], float(curve[-1]), converged, bool(diverged))
    return mu.cpu().numpy().astype(float), history


def _at_rest(losses: Sequence[float | torch.Tensor], tol: float) -> bool:
    """Whether the last epoch changed the loss by no more than tol times the first loss."""
    return len(losses) > 1 and abs(float(losses[-2] - losses[-1])) <= tol * float(losses[0])


def _check_finite(losses: NDArray[np.float64], lr: float) -> None:
    if np.isfinite(losses).all():
        return
    epoch = int(np.flatnonzero(~np.isfinite(losses))[0])
    raise FloatingPointError(
        f"The loss is {losses[epoch]} at epoch {epoch}: training diverged. Lower lr (it is {lr:g}), "
        "or the momentum in optimizer_params."
    )


# Into torch ---------------------------------------------------------------------------------------


def _on_device(
    objective: Objective[NDArray[np.float64]], start: NDArray[np.float64], device: torch.device
) -> tuple[torch.Tensor, Evaluate]:
    """The parameter, and a function of nothing that gives its loss and gradient, a tensor or an array.

    On the CPU, NumPy computes them on the parameter's own memory: for the small products that an epoch
    mostly is, torch wakes threads that cost more than the product.
    """
    import torch

    if device.type != "cpu":
        dtype = torch.float32 if device.type == "mps" else torch.float64
        over_tensors = objective.convert(lambda array: _tensor(array, device, dtype))
        mu = _tensor(start, device, dtype)
        return mu, lambda: over_tensors.loss_and_gradient(mu)
    if isinstance(objective, FactoredObjective):
        objective = replace(objective, target=_in_runs_of_rows(objective.target, start))
    memory = start.copy()
    return torch.from_numpy(memory), lambda: objective.loss_and_gradient(memory)


def _in_runs_of_rows(
    target: PairMatrix, start: NDArray[np.float64]
) -> _SparseRows | _DenseRows | PairMatrix:
    """The target as it is multiplied quickest by what has the shape of the start."""
    if not isinstance(target, np.ndarray):
        return _SparseRows(target)
    several = 1 < len(start) * start.size // SMALL_PRODUCT <= len(start) // LEAST_ROWS
    return _DenseRows(target, start.shape[1]) if several else target


def _tensor(
    array: NDArray[Any] | sp.sparray, device: torch.device, dtype: torch.dtype
) -> torch.Tensor:
    import torch

    if isinstance(array, np.ndarray):
        kind = dtype if array.dtype.kind == "f" else torch.int64
        return torch.tensor(array, dtype=kind, device=device)
    coo = array.tocoo()
    places = torch.tensor(np.vstack([coo.row, coo.col]), dtype=torch.int64)
    cells = torch.tensor(coo.data, dtype=dtype)
    tensor = torch.sparse_coo_tensor(places, cells, coo.shape, device=device, check_invariants=True)
    return tensor.coalesce()


class _SparseRows:
    """A sparse matrix in runs of rows, multiplied side by side: SciPy's own product has one thread."""

    def __init__(self, array: sp.csr_array):
        bounds = np.linspace(0, array.shape[0], _openmp_effective_n_threads() + 1).astype(int)
        self.parts = [array[start:stop] for start, stop in pairwise(bounds)]

    def __matmul__(self, dense: NDArray[np.float64]) -> NDArray[np.float64]:
        with ThreadPoolExecutor(len(self.parts)) as pool:
            return np.concatenate(list(pool.map(lambda part: part @ dense, self.parts)))


class _DenseRows:
    """A large matrix in runs of rows, since BLAS multiplies small ones as they lie and without threads."""

    def __init__(self, array: NDArray[np.float64], n_columns: int):
        n_rows = SMALL_PRODUCT // (array.shape[1] * n_columns)
        self.parts = [array[start : start + n_rows] for start in range(0, len(array), n_rows)]

    def __matmul__(self, dense: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate([part @ dense for part in self.parts])


def _device(name: str) -> torch.device:
    import torch

    if name == "cpu":
        return torch.device(name)
    if name == "auto":
        there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
        return torch.device(next((kind for kind, found in there.items() if found), "cpu"))
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(
            f"device={quoted(name)} is not a device that torch knows: {error}"
        ) from None
    n_devices = {
        "cpu": 1,
        "cuda": torch.cuda.device_count(),
        "mps": int(torch.backends.mps.is_available()),
    }
    if device.type not in n_devices:
        raise ValueError(
            f"device={quoted(name)} is not supported; use one of cpu, cuda, cuda:N, mps, auto."
        )
    if (device.index or 0) >= n_devices[device.type]:
        raise ValueError(
            f"device={quoted(name)} is not there: this torch ({torch.__version__}) sees "
            f"{n_devices['cuda']} CUDA devices. Use device='cpu' or 'auto'."
        )
    return device


# Steps --------------------------------------------------------------------------------------------


def _plain_sgd(
    mu: torch.Tensor, evaluate: Evaluate, settings: TrainingSettings
) -> tuple[Step, Advance | None] | None:
    """SGD at a constant rate, to the bit as torch.optim.SGD while the loss falls; None where more is asked for.

    Written out since twenty symbols take longer to dispatch than to step, and as torch's optimizers load
    its compiler at first use, which takes seconds.
    """
    params = settings.optimizer_params or {}
    momentum = params.get("momentum", 0)
    plain = settings.optimizer == "sgd" and settings.lr_scheduler == "constant"
    further = set(params) - {"momentum"}
    if not plain or further or not isinstance(momentum, int | float) or not 0 <= momentum <= 1:
        return None
    given = settings.lr_scheduler_params
    if given and schedule_params(given, settings.n_epochs)["n_warmup"]:
        return None
    if momentum:
        return _momentum_steps(mu, evaluate, settings, momentum), None
    return _descending_steps(mu, evaluate, settings), None


def _momentum_steps(
    mu: torch.Tensor, evaluate: Evaluate, settings: TrainingSettings, momentum: float
) -> Step:
    import torch

    velocity: Any = None
    direction: Any = None

    def step() -> Any:
        nonlocal velocity, direction
        loss, change = evaluate()
        if settings.l2:
            change = torch.as_tensor(change).add(mu, alpha=settings.l2)
        if velocity is not None:
            velocity *= momentum
            velocity += change
        else:
            velocity, direction = change, torch.as_tensor(change)
        mu.add_(direction, alpha=-settings.lr)
        return loss

    return step


def _descending_steps(mu: torch.Tensor, evaluate: Evaluate, settings: TrainingSettings) -> Step:
    """Steps that go downhill: one that goes up is taken back, and the rate is halved from there on.

    The loss is the steeper the more symbols a row holds, so that a rate that suits ten LFs leads nowhere with two
    hundred. It may be halved as often as there are twice as many symbols as `MANY_SYMBOLS`; one that is too high for
    few symbols is the user's to mend.
    """
    import torch

    lr, halvings = settings.lr, max(0, ceil(log2(len(mu) / MANY_SYMBOLS)))
    here: Any = None
    noise = 0.0

    def look() -> tuple[Any, torch.Tensor, float]:
        """The loss, the direction, and the height of what SGD with weight decay minimises."""
        loss, change = evaluate()
        direction = torch.as_tensor(change)
        if not settings.l2:
            return loss, direction, float(loss)
        height = float(loss) + settings.l2 / 2 * float((mu * mu).sum())
        return loss, direction.add(mu, alpha=settings.l2), height

    def step() -> Any:
        nonlocal here, noise, lr, halvings
        if here is None:
            here = look()
            noise = RISE * abs(here[2])
        loss, direction, height = here
        start = mu.clone()
        mu.add_(direction, alpha=-lr)
        here = look()
        while halvings and not here[2] <= height + noise:
            lr, halvings = lr / 2, halvings - 1
            mu.copy_(start)
            mu.add_(direction, alpha=-lr)
            here = look()
        return loss

    return step


def _torch_steps(
    mu: torch.Tensor, evaluate: Evaluate, settings: TrainingSettings
) -> tuple[Step, Advance | None]:
    """The steps of torch's own optimizer and schedulers."""
    import torch

    optimizer = _optimizer(mu, settings)
    params = schedule_params(settings.lr_scheduler_params or {}, settings.n_epochs)
    advance = torch_schedule(optimizer, settings.lr_scheduler, params, settings.n_epochs)

    def closure() -> Any:
        loss, gradient = evaluate()
        mu.grad = torch.as_tensor(gradient)
        return loss

    return lambda: optimizer.step(closure), advance


def _optimizer(mu: torch.Tensor, settings: TrainingSettings) -> torch.optim.Optimizer:
    import torch

    kind: Any = settings.optimizer
    if isinstance(kind, str) and kind in OPTIMIZERS:
        kind = getattr(torch.optim, OPTIMIZERS[kind])
    if not (isinstance(kind, type) and issubclass(kind, torch.optim.Optimizer)):
        raise ValueError(
            f"optimizer={quoted(settings.optimizer)} is unknown; use one of {sorted(OPTIMIZERS)} or a "
            "subclass of torch.optim.Optimizer."
        )
    given = settings.optimizer_params or {}
    if "lr" in given:
        raise ValueError("optimizer_params holds 'lr'; it is a parameter of its own.")
    decays = "weight_decay" in signature(kind).parameters
    if settings.l2 and not decays:
        raise ValueError(f"{kind.__name__} has no weight decay, which l2 needs; set l2=0.")
    decay = {"weight_decay": settings.l2} if settings.l2 else {}
    params: dict[str, Any] = {"lr": settings.lr, **given, **decay}
    try:
        optimizer: torch.optim.Optimizer = kind([mu], **params)
    except (TypeError, ValueError) as error:
        raise ValueError(f"optimizer_params do not suit {kind.__name__}: {error}") from error
    return optimizer


# Reporting ----------------------------------------------------------------------------------------


def _reporter(settings: TrainingSettings) -> AbstractContextManager[_Reporter | None]:
    asked = settings.verbose or logger.isEnabledFor(logging.INFO)
    return _Reporter(settings) if asked else nullcontext()


class _Reporter:
    """Progress bar and log lines, where they were asked for."""

    def __init__(self, settings: TrainingSettings):
        self.settings = settings
        self.bar: Any = None

    def __enter__(self) -> _Reporter:
        if self.settings.verbose:
            from tqdm import tqdm

            self.bar = tqdm(total=self.settings.n_epochs, unit="epoch")
        return self

    def __call__(self, losses: Sequence[float | torch.Tensor]) -> None:
        if self.bar is not None:
            self.bar.set_postfix(loss=f"{float(losses[-1]):.3g}", refresh=False)
            self.bar.update()
        if len(losses) % self.settings.log_freq == 0 and logger.isEnabledFor(logging.INFO):
            logger.info("epoch %d: loss %.6g", len(losses), float(losses[-1]))

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()
