"""Shapes of label matrices, and votes generated for them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import DATA


@dataclass(frozen=True)
class Shape:
    """A label matrix to generate.

    Attributes
    ----------
    name : str
        Names the saved file and seeds the votes.
    n_samples, n_lfs, n_classes : int
        Its sizes.
    coverage : float
        Share of rows on which an LF votes.
    one_sided : bool
        Whether LF j votes for class ``j % n_classes`` only.
    """

    name: str
    n_samples: int
    n_lfs: int
    n_classes: int
    coverage: float = 0.7
    one_sided: bool = False

    @property
    def n_cells(self) -> int:
        """Number of cells, abstains included."""
        return self.n_samples * self.n_lfs

    @property
    def path(self) -> Path:
        """The file that holds the votes."""
        return DATA / f"{self.name}.npy"


SHAPES = (
    Shape("1e3x10", 1_000, 10, 2),
    Shape("1e4x10", 10_000, 10, 2),
    Shape("1e5x10", 100_000, 10, 2),
    Shape("1e6x10", 1_000_000, 10, 2),
    Shape("1e5x50", 100_000, 50, 5),
    Shape("2e4x100", 20_000, 100, 10),
    Shape("2e4x164-one-sided", 20_000, 164, 9, coverage=0.05, one_sided=True),
    Shape("5e4x300-sparse", 50_000, 300, 2, coverage=0.01),
)
GROWN = Shape("1e7x10", 10_000_000, 10, 2)
HUGE = (
    Shape("1e5x1200-one-sided", 100_000, 1_200, 56, coverage=0.01, one_sided=True),
    Shape("5e4x10-1461-classes", 50_000, 10, 1_461),
)
WARM_UP = Shape("warm-up", 200, 10, 2)


def save_votes(shape: Shape) -> Path:
    """Save the votes of `shape` unless they are there; return the file."""
    if not shape.path.exists():
        DATA.mkdir(exist_ok=True)
        np.save(shape.path, generate_votes(shape))
    return shape.path


def generate_votes(shape: Shape) -> np.ndarray:
    """Return an int64 label matrix, (n_samples, n_lfs), -1 where an LF abstains."""
    rng = np.random.default_rng(zlib.crc32(shape.name.encode()))
    y = rng.integers(shape.n_classes, size=shape.n_samples)
    L = np.empty((shape.n_samples, shape.n_lfs), dtype=np.int64)
    for j in range(shape.n_lfs):
        accuracy = rng.uniform(0.6, 0.9)
        L[:, j] = (
            _one_sided_votes(y, j % shape.n_classes, accuracy, shape, rng)
            if shape.one_sided
            else _votes(y, accuracy, shape, rng)
        )
    return L


def _votes(y: np.ndarray, accuracy: float, shape: Shape, rng: np.random.Generator) -> np.ndarray:
    """Return the votes of an LF that is right with probability `accuracy`, else says any class."""
    wrong = rng.integers(shape.n_classes, size=len(y))
    votes = np.where(rng.random(len(y)) < accuracy, y, wrong)
    return np.where(rng.random(len(y)) < shape.coverage, votes, -1)


def _one_sided_votes(
    y: np.ndarray, label: int, precision: float, shape: Shape, rng: np.random.Generator
) -> np.ndarray:
    """Return the votes of an LF that says `label` with the given precision, or nothing."""
    k = shape.n_classes
    rate_inside = shape.coverage * precision * k
    rate_outside = shape.coverage * (1 - precision) * k / (k - 1)
    fires = rng.random(len(y)) < np.where(y == label, rate_inside, rate_outside)
    return np.where(fires, label, -1)
