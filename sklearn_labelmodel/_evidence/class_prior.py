"""How frequent the classes are, and where that is from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ClassPrior:
    """How frequent the classes are.

    Attributes
    ----------
    of_all : ndarray of shape (n_classes,)
        P(Y).
    of_voted : ndarray of shape (n_classes,)
        P(Y | the row has a vote).
    of_voteless : ndarray of shape (n_classes,)
        P(Y | the row has no vote).
    source : {"given", "labels", "learned", "uniform"}
        Where `of_all` is from: parameters, gold labels, votes, or nowhere.
    n_labels : float
        Labelled rows that `of_voted` was counted from: infinitely many where it is given, none where votes tell it.
    told : ndarray of shape (n_classes,) or None, default=None
        P(Y) as the votes tell it, where nothing else does.
    """

    of_all: NDArray[np.float64]
    of_voted: NDArray[np.float64]
    of_voteless: NDArray[np.float64]
    source: str
    n_labels: float = 0.0
    told: NDArray[np.float64] | None = None

    @property
    def of_mu(self) -> NDArray[np.float64]:
        """P(Y) that mu goes with: uniform shares would contradict votes that tell others."""
        return self.of_all if self.told is None else self.told

    @property
    def known(self) -> bool:
        """Whether something else than the votes tells it."""
        return self.source in ("given", "labels")

    def for_all(self, shares: NDArray[np.float64], source: str) -> ClassPrior:
        """With these shares in all rows."""
        return ClassPrior(shares, shares, shares, source, self.n_labels)


def uniform_prior(n_classes: int) -> ClassPrior:
    """Equal shares, for want of knowledge."""
    shares = np.full(n_classes, 1 / n_classes)
    return ClassPrior(shares, shares, shares, "uniform")
