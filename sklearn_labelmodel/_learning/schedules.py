"""How the learning rate changes from epoch to epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from .._utils import quoted

if TYPE_CHECKING:
    import torch


Advance = Callable[[int], None]
SCHEDULERS = ("constant", "linear", "exponential", "step")
SCHEDULER_DEFAULTS: dict[str, Any] = {
    "gamma": 0.9,
    "step_size": 5,
    "min_lr": 0.0,
    "warmup_steps": 0,
    "warmup_percentage": 0.0,
}


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
