"""The class prior that users give, or that gold labels taken at their word say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._utils import listed_values, plain


def resolve_class_prior(
    class_balance: Any, classes: NDArray[Any], gold_rows: NDArray[Any] | None
) -> NDArray[np.float64]:
    """P(Y): the given class balance, else the gold labels' shares, else uniform.

    Parameters
    ----------
    class_balance : array-like of shape (n_classes,), mapping of class to share, or None
    classes : ndarray of shape (n_classes,)
    gold_rows : ndarray of shape (n_classes,) or None
        Labelled rows of each class.

    Returns
    -------
    class_prior : ndarray of shape (n_classes,)
        Positive, adding up to 1.

    Raises
    ------
    ValueError
        Wrong length, unknown or missing class, negative or zero share, a sum other than 1.
    """
    if class_balance is not None:
        return _given_balance(class_balance, classes)
    if gold_rows is None or not gold_rows.sum():
        return np.full(len(classes), 1.0 / len(classes))
    return _positive(gold_rows / gold_rows.sum(), classes, "among the gold labels")


def _given_balance(class_balance: Any, classes: NDArray[Any]) -> NDArray[np.float64]:
    if hasattr(class_balance, "to_dict") and class_balance.index.tolist() != list(
        range(len(classes))
    ):
        class_balance = class_balance.to_dict()
    if isinstance(class_balance, Mapping):
        class_balance = _ordered_shares(class_balance, classes)
    try:
        shares = np.asarray(class_balance, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"class_balance holds something that is no number: {error}.") from None
    if shares.shape != (len(classes),):
        raise ValueError(
            f"class_balance has shape {shares.shape}; it needs one share for each of the "
            f"{len(classes)} classes {listed_values(classes)}."
        )
    if not np.isfinite(shares).all() or (shares < 0).any():
        raise ValueError(f"class_balance has a negative or not finite share: {shares.tolist()}.")
    if abs(shares.sum() - 1.0) > 1e-6:
        raise ValueError(
            f"class_balance sums to {shares.sum():.6g}, not 1; divide the shares by their sum."
        )
    return _positive(shares, classes, "in class_balance")


def _ordered_shares(class_balance: Mapping[Any, float], classes: NDArray[Any]) -> list[float]:
    labels = classes.tolist()
    unknown = [label for label in class_balance if label not in labels]
    missing = [label for label in labels if label not in class_balance]
    if unknown or missing:
        fault = (
            f"names {unknown[0]!r}, which is" if unknown else f"lacks {missing[0]!r}, which is one"
        )
        remedy = " Name all classes (`classes`) if there are more." if unknown else ""
        raise ValueError(
            f"class_balance {fault} {'none ' if unknown else ''}of the classes {listed_values(classes)}.{remedy}"
        )
    return [class_balance[label] for label in labels]


def _positive(prior: NDArray[np.float64], classes: NDArray[Any], where: str) -> NDArray[np.float64]:
    zero = np.flatnonzero(prior == 0)
    if len(zero):
        raise ValueError(
            f"The class {plain(classes[zero[0]])!r} has prior 0 {where}. Give it a small positive "
            "share with `class_balance`, or leave it out of `classes`."
        )
    return prior
