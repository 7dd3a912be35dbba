"""Label matrices to try things on: generated ones, WRENCH folders on disk, and rules over real measurements."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import Bunch

from .._utils import listed_values, quoted, random_state_of


def make_label_matrix(
    n_samples: int = 1000,
    n_lfs: int = 10,
    n_classes: int = 2,
    *,
    accuracy: float | tuple[float, float] | ArrayLike = (0.6, 0.9),
    coverage: float | tuple[float, float] | ArrayLike = (0.2, 0.8),
    class_balance: ArrayLike | None = None,
    one_sided: bool | float = False,
    n_correlated: int = 0,
    copy_noise: float = 0.0,
    as_frame: bool = False,
    random_state: int | np.random.RandomState | None = None,
) -> Bunch:
    """Generate votes of labeling functions (LFs) of which everything is known.

    Given the class, LFs err independently of each other, but for those that copy another one.

    Parameters
    ----------
    n_samples : int, default=1000
    n_lfs : int, default=10
    n_classes : int, default=2
        At least 2.
    accuracy : float, (low, high) or array-like of shape (n_lfs,), default=(0.6, 0.9)
        P(vote is right | LF votes), in [0, 1]; of a tuple each LF's is drawn uniformly in between. Wrong votes
        are equally frequent for all other classes.
    coverage : float, (low, high) or array-like of shape (n_lfs,), default=(0.2, 0.8)
        P(LF votes), in (0, 1], as above. A one-sided LF that could only reach it by being less accurate votes less.
    class_balance : array-like of shape (n_classes,), default=None
        P(Y), positive, adding up to 1. None: uniform.
    one_sided : bool or float, default=False
        Share, in [0, 1], of LFs (the first ones) that vote for one class only or abstain; True for all. Their
        classes are taken in turn.
    n_correlated : int, default=0
        How many LFs, the last ones, copy the votes of an LF before them; less than n_lfs.
    copy_noise : float, default=0.0
        In [0, 1]: share of a copying LF's cells that are voted independently after all, with the same probabilities
        as those of the LF that it copies.
    as_frame : bool, default=False
        Whether L is a DataFrame with columns "lf_0", "lf_1", ...
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    data : Bunch
        - L : ndarray of shape (n_samples, n_lfs), dtype int64, or DataFrame. Votes 0 to n_classes - 1; -1 abstains.
        - y : ndarray of shape (n_samples,), dtype int64. The true classes.
        - class_balance : ndarray of shape (n_classes,). P(Y).
        - accuracies, coverages : ndarray of shape (n_lfs,). The true ones.
        - conditional_probs : ndarray of shape (n_lfs, n_classes + 1, n_classes). [j, 1 + v, y] = P(LF j votes
          v | Y = y), and [j, 0, y] that it abstains, laid out as `LabelModelClassifier.conditional_probs_`.
        - copied_from : ndarray of shape (n_lfs,), dtype int64. The LF that each copies; -1 for none.

    Raises
    ------
    ValueError
        Numbers out of their ranges, or of the wrong length.

    Examples
    --------
    >>> from sklearn_labelmodel.datasets import make_label_matrix
    >>> data = make_label_matrix(500, 6, accuracy=0.8, one_sided=0.5, n_correlated=1, random_state=0)
    >>> data.L.shape
    (500, 6)
    >>> data.accuracies
    array([0.8, 0.8, 0.8, 0.8, 0.8, 0.8])
    >>> data.copied_from
    array([-1, -1, -1, -1, -1,  4])
    """
    for name, number in {"n_samples": n_samples, "n_lfs": n_lfs, "n_classes": n_classes}.items():
        least = 2 if name == "n_classes" else 1
        if number < least:
            raise ValueError(f"{name} is {number}; it must be at least {least}.")
    if not 0 <= n_correlated < n_lfs:
        raise ValueError(
            f"n_correlated is {n_correlated}; it must be at least 0 and less than n_lfs={n_lfs}, for there must be "
            "an LF to copy."
        )
    for name, share in [("one_sided", one_sided), ("copy_noise", copy_noise)]:
        _check_share(name, np.asarray(share, dtype=float))
    generator = random_state_of(random_state)
    prior = _class_balance(class_balance, n_classes)
    accuracies = _per_lf("accuracy", accuracy, n_lfs, generator)
    coverages = _per_lf("coverage", coverage, n_lfs, generator)
    n_one_sided = round(float(one_sided) * n_lfs)
    tables = np.empty((n_lfs, n_classes + 1, n_classes))
    for j in range(n_lfs):
        if j < n_one_sided:
            tables[j] = _one_sided_table(accuracies[j], coverages[j], prior, j % n_classes)
        else:
            tables[j] = _table(accuracies[j], coverages[j], n_classes)
    copied_from = np.full(n_lfs, -1)
    originals = n_lfs - n_correlated
    copied_from[originals:] = generator.randint(originals, size=n_correlated)
    tables[originals:] = tables[copied_from[originals:]]
    y = generator.choice(n_classes, size=n_samples, p=prior)
    L = np.empty((n_samples, n_lfs), dtype=np.int64)
    for j in range(n_lfs):
        L[:, j] = _draw(tables[j], y, generator)
        if copied_from[j] >= 0:
            copies = generator.random_sample(n_samples) >= copy_noise
            L[copies, j] = L[copies, copied_from[j]]
    votes = tables[:, 1:] @ prior
    right = np.diagonal(tables[:, 1:], axis1=1, axis2=2) @ prior
    return Bunch(
        L=_frame(L) if as_frame else L,
        y=y,
        class_balance=prior,
        accuracies=right / votes.sum(axis=1),
        coverages=votes.sum(axis=1),
        conditional_probs=tables,
        copied_from=copied_from,
    )


def _frame(L: NDArray[np.int64]) -> Any:
    import pandas as pd

    return pd.DataFrame(L, columns=[f"lf_{j}" for j in range(L.shape[1])])


def _class_balance(class_balance: ArrayLike | None, n_classes: int) -> NDArray[np.float64]:
    if class_balance is None:
        return np.full(n_classes, 1 / n_classes)
    shares = np.asarray(class_balance, dtype=np.float64)
    if shares.shape != (n_classes,) or not (shares > 0).all() or abs(shares.sum() - 1) > 1e-6:
        raise ValueError(
            f"class_balance is {listed_values(shares)}; it must hold {n_classes} positive shares that add up to 1, one "
            "for each of n_classes."
        )
    return shares / shares.sum()


def _per_lf(
    name: str, given: ArrayLike, n_lfs: int, generator: np.random.RandomState
) -> NDArray[np.float64]:
    numbers = np.asarray(given, dtype=np.float64)
    if isinstance(given, tuple) and len(given) == 2:
        numbers = generator.uniform(min(numbers), max(numbers), size=n_lfs)
    if numbers.ndim == 0:
        numbers = np.full(n_lfs, float(numbers))
    if numbers.shape != (n_lfs,):
        raise ValueError(
            f"{name} has shape {numbers.shape}; it must be one number, a tuple (low, high), or an array of one "
            f"number for each of the {n_lfs} LFs."
        )
    _check_share(name, numbers)
    if name == "coverage" and not (numbers > 0).all():
        raise ValueError("coverage is 0 for some LF; every LF must vote sometimes.")
    return numbers


def _check_share(name: str, numbers: NDArray[np.float64]) -> None:
    if not ((numbers >= 0) & (numbers <= 1)).all():
        raise ValueError(f"{name} is {quoted(numbers.tolist())}; it must be in [0, 1].")


def _table(accuracy: float, coverage: float, n_classes: int) -> NDArray[np.float64]:
    """P(vote | Y) of an LF that votes for every class; abstain first."""
    table = np.full((n_classes + 1, n_classes), coverage * (1 - accuracy) / (n_classes - 1))
    table[0] = 1 - coverage
    table[np.arange(1, n_classes + 1), np.arange(n_classes)] = coverage * accuracy
    return table


def _one_sided_table(
    accuracy: float, coverage: float, prior: NDArray[np.float64], target: int
) -> NDArray[np.float64]:
    """P(vote | Y) of an LF that votes for one class only: it is right where Y is that class."""
    wanted, others = prior[target], 1 - prior[target]
    most = min(wanted / max(accuracy, 1e-12), others / max(1 - accuracy, 1e-12))
    coverage = min(coverage, most)
    table = np.zeros((len(prior) + 1, len(prior)))
    table[1 + target] = coverage * (1 - accuracy) / others
    table[1 + target, target] = coverage * accuracy / wanted
    table[0] = 1 - table[1 + target]
    return table


def _draw(
    table: NDArray[np.float64], y: NDArray[Any], generator: np.random.RandomState
) -> NDArray[np.int64]:
    """A vote for each row, abstain as -1."""
    votes = np.full(len(y), -1, dtype=np.int64)
    chance = generator.random_sample(len(y))
    for label in range(table.shape[1]):
        rows = np.flatnonzero(y == label)
        bounds = np.cumsum(table[:, label])[:-1]
        votes[rows] = np.searchsorted(bounds, chance[rows], side="right") - 1
    return votes
