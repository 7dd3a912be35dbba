"""The class prior that is known before training: given, or told by gold labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._anchor import anchored_prior, smoothed_shares
from ._class_prior import resolve_class_prior
from ._refinement_problem import ClassShares
from ._votes.gold import GoldCounts


@dataclass(frozen=True)
class KnownPrior:
    """How frequent the classes are.

    Attributes
    ----------
    prior : ndarray of shape (n_classes,)
        P(Y).
    voted : ClassShares
        P(Y | the row has a vote).
    """

    prior: NDArray[np.float64]
    voted: ClassShares


def given_prior(
    class_balance: ArrayLike | Mapping[Any, float] | str | None,
    use_of_gold: str,
    classes: NDArray[Any],
    gold: GoldCounts,
) -> KnownPrior | None:
    """What parameters say, or labels taken at their word; None where neither does.

    Parameters
    ----------
    class_balance, use_of_gold
        `class_balance` and `gold` of LabelModelClassifier.
    classes : ndarray of shape (n_classes,)
    gold : GoldCounts
    """
    if isinstance(class_balance, str):
        return None
    if class_balance is not None:
        prior = resolve_class_prior(class_balance, classes, None)
        return KnownPrior(prior, ClassShares(prior))
    if use_of_gold == "prior" and gold.rows.any():
        prior = resolve_class_prior(None, classes, gold.rows)
        shares = smoothed_shares(gold.rows - gold.voteless, prior)
        return KnownPrior(prior, ClassShares(shares, float(gold.rows.sum())))
    return None


def told_prior(
    gold: GoldCounts, center: NDArray[np.float64], n_samples: int, voted_share: float
) -> KnownPrior:
    """What labels tell, where the votes alone say `center`.

    Parameters
    ----------
    gold : GoldCounts
    center : ndarray of shape (n_classes,)
    n_samples : int
    voted_share : float
        Share of the rows that have a vote.
    """
    prior = anchored_prior(gold.rows, center, n_samples)
    voted = gold.rows - gold.voteless
    if not voted.any():
        return KnownPrior(prior, ClassShares(prior, float(gold.rows.sum())))
    shares = anchored_prior(voted, center, max(n_samples * voted_share, voted.sum()))
    return KnownPrior(prior, ClassShares(shares, float(voted.sum())))
