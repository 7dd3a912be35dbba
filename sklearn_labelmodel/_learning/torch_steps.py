"""Training other than by plain steps on the CPU: torch's optimizers and schedules, devices, and what is reported."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from inspect import signature
from itertools import count
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from .._utils import quoted

if TYPE_CHECKING:
    import torch

Advance = Callable[[int], None]
# The loss and its gradient where training is.
Evaluate = Callable[[], tuple[Any, Any]]
logger = logging.getLogger("sklearn_labelmodel")
OPTIMIZERS = {"sgd": "SGD", "adam": "Adam", "adamax": "Adamax"}
SCHEDULERS = ("constant", "linear", "exponential", "step")
SCHEDULER_DEFAULTS: dict[str, Any] = {
    "gamma": 0.9,
    "step_size": 5,
    "min_lr": 0.0,
    "warmup_steps": 0,
    "warmup_percentage": 0.0,
}


class TrainingSettings(Protocol):
    """How to train: parameters of `LabelModelClassifier`."""

    n_epochs: int
    lr: float
    l2: float
    init: str
    random_state: int | np.random.RandomState | None
    optimizer: str | type
    optimizer_params: dict[str, Any] | None
    lr_scheduler: str
    lr_scheduler_params: dict[str, Any] | None
    tol: float | None
    device: str
    verbose: int
    log_freq: int


# Steps --------------------------------------------------------------------------------------------


def steps_as_given(
    mu: torch.Tensor, evaluate: Evaluate, settings: TrainingSettings
) -> Iterator[Any] | None:
    """Steps of the optimizer and schedule that are asked for, each the loss that it started from.

    None where they are plain SGD at a constant rate, whatever is given besides.
    """
    params = settings.optimizer_params or {}
    momentum = params.get("momentum", 0)
    plain = settings.optimizer == "sgd" and settings.lr_scheduler == "constant"
    further = set(params) - {"momentum"}
    schedule = schedule_params(settings.lr_scheduler_params or {}, settings.n_epochs)
    known = isinstance(momentum, int | float) and 0 <= momentum <= 1
    if plain and known and not further and not schedule["n_warmup"]:
        return _with_momentum(mu, evaluate, settings, momentum) if momentum else None
    optimizer = _optimizer(mu, settings)
    advance = torch_schedule(optimizer, settings.lr_scheduler, schedule, settings.n_epochs)
    return _torch_steps(mu, evaluate, optimizer, advance)


def _with_momentum(
    mu: torch.Tensor, evaluate: Evaluate, settings: TrainingSettings, momentum: float
) -> Iterator[Any]:
    """SGD with momentum, to the bit as torch.optim.SGD."""
    import torch

    velocity: Any = None
    direction: Any = None
    while True:
        loss, change = evaluate()
        if settings.l2:
            change = torch.as_tensor(change).add(mu, alpha=settings.l2)
        if velocity is not None:
            velocity *= momentum
            velocity += change
        else:
            velocity, direction = change, torch.as_tensor(change)
        mu.add_(direction, alpha=-settings.lr)
        yield loss


def _torch_steps(
    mu: torch.Tensor, evaluate: Evaluate, optimizer: torch.optim.Optimizer, advance: Advance
) -> Iterator[Any]:
    import torch

    def closure() -> Any:
        loss, gradient = evaluate()
        mu.grad = torch.as_tensor(gradient)
        return loss

    for epoch in count():
        loss: Any = optimizer.step(closure)
        advance(epoch)
        yield loss


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


def schedule_params(given: Mapping[str, object], n_epochs: int) -> dict[str, Any]:
    """The scheduler's parameters with their defaults, and `n_warmup`, the epochs of warm-up.

    Parameters
    ----------
    given : mapping
        `lr_scheduler_params` as the user gave them.
    n_epochs : int

    Returns
    -------
    params : dict

    Raises
    ------
    ValueError
        An unknown parameter, or a value outside its range.
    """
    unknown = sorted(set(given) - set(SCHEDULER_DEFAULTS))
    if unknown:
        raise ValueError(
            f"lr_scheduler_params has the unknown key {quoted(unknown[0])}; known are "
            f"{sorted(SCHEDULER_DEFAULTS)}."
        )
    params: dict[str, Any] = {**SCHEDULER_DEFAULTS, **given}
    for key, value in params.items():
        if not isinstance(value, Integral if key == "step_size" else Real):
            kind = "a whole number" if key == "step_size" else "a number"
            raise ValueError(f"lr_scheduler_params[{quoted(key)}] = {quoted(value)} is not {kind}.")
    ranges = {
        "gamma": params["gamma"] > 0,
        "step_size": params["step_size"] >= 1,
        "min_lr": params["min_lr"] >= 0,
        "warmup_steps": params["warmup_steps"] >= 0,
        "warmup_percentage": 0 <= params["warmup_percentage"] <= 1,
    }
    for key, valid in ranges.items():
        if not valid:
            raise ValueError(
                f"lr_scheduler_params[{quoted(key)}] = {quoted(params[key])} is out of its range."
            )
    share = int(params["warmup_percentage"] * n_epochs)
    params["n_warmup"] = int(params["warmup_steps"]) or share
    return params


def torch_schedule(
    optimizer: torch.optim.Optimizer, kind: str, params: Mapping[str, Any], n_epochs: int
) -> Advance:
    """Give an optimizer torch's schedulers of its learning rate.

    Both schedulers are made before the first epoch and in this order, as Snorkel does; so with warm-up the
    first epoch's rate is what the scheduler made last leaves.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
    kind : str
        One of `SCHEDULERS`.
    params : mapping
        As `schedule_params` returns them.
    n_epochs : int

    Returns
    -------
    advance : function
        Of the epoch that ended; it sets the next epoch's learning rate.
    """
    from torch.optim import lr_scheduler

    n_warmup, min_lr = params["n_warmup"], params["min_lr"]
    n_decay = n_epochs - n_warmup
    warmup: lr_scheduler.LRScheduler | None = None
    main: lr_scheduler.LRScheduler | None = None
    if n_warmup:
        warmup = lr_scheduler.LambdaLR(optimizer, lambda epoch: epoch / n_warmup)
    if kind == "linear":
        main = lr_scheduler.LambdaLR(optimizer, lambda epoch: (n_decay - epoch) / (n_decay or 1))
    elif kind == "exponential":
        main = lr_scheduler.ExponentialLR(optimizer, params["gamma"])
    elif kind == "step":
        main = lr_scheduler.StepLR(optimizer, params["step_size"], params["gamma"])

    def advance(epoch: int) -> None:
        if warmup is not None and epoch < n_warmup:
            warmup.step()
        elif main is not None:
            main.step()
            if min_lr and optimizer.param_groups[0]["lr"] < min_lr:
                optimizer.param_groups[0]["lr"] = min_lr

    return advance


# Devices ------------------------------------------------------------------------------------------


def find_device(name: str) -> str:
    """The device that is called so, or with "auto" the quickest that is there."""
    import torch

    if name == "auto":
        there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
        return next((kind for kind, found in there.items() if found), "cpu")
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
    return "cpu" if device.type == "cpu" else str(device)


def on_device(
    objective: Any, start: NDArray[np.float64], device: str
) -> tuple[torch.Tensor, Evaluate]:
    """The parameter, and a function of nothing that gives its loss and gradient, all on a device other than the CPU."""
    import torch

    dtype = torch.float32 if device.startswith("mps") else torch.float64
    arrays: dict[str, Any] = {
        name: _tensor(value, device, dtype)
        for name, value in vars(objective).items()
        if isinstance(value, np.ndarray) or sp.issparse(value)
    }
    mu = _tensor(start, device, dtype)
    return mu, partial(replace(objective, **arrays).loss_and_gradient, mu)


def _tensor(array: NDArray[Any] | sp.sparray, device: str, dtype: torch.dtype) -> torch.Tensor:
    import torch

    if isinstance(array, np.ndarray):
        kind = dtype if array.dtype.kind == "f" else torch.int64
        return torch.tensor(array, dtype=kind, device=device)
    coo = array.tocoo()
    places = torch.tensor(np.vstack([coo.row, coo.col]), dtype=torch.int64)
    cells = torch.tensor(coo.data, dtype=dtype)
    tensor = torch.sparse_coo_tensor(places, cells, coo.shape, device=device, check_invariants=True)
    return tensor.coalesce()


# Reporting ----------------------------------------------------------------------------------------


def reported(losses: Iterator[Any], settings: TrainingSettings) -> Iterator[Any]:
    """The same losses, with a progress bar and log lines where these are asked for."""
    bar: Any = None
    if settings.verbose:
        from tqdm import tqdm

        bar = tqdm(total=settings.n_epochs, unit="epoch")
    try:
        for epoch, loss in enumerate(losses, start=1):
            if bar is not None:
                bar.set_postfix(loss=f"{float(loss):.3g}", refresh=False)
                bar.update()
            if epoch % settings.log_freq == 0 and logger.isEnabledFor(logging.INFO):
                logger.info("epoch %d: loss %.6g", epoch, float(loss))
            yield loss
    finally:
        if bar is not None:
            bar.close()
