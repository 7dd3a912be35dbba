"""The table of what each vote says, and the two formulae that tables come from: one coin, and shrinkage."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from .._utils import listed_values, quoted
from .._votes.codes import lf_label
from .._votes.containers import columns_by_name

if TYPE_CHECKING:
    import pandas as pd

    from .._utils.types import Numbers, Precisions

LEAST_PRECISION = 0.01
# Votes that each prior is worth: that of an LF's accuracy, of each row of its table, of each class.
PRIOR_VOTES = 10.0
HALVINGS = 60


@dataclass(frozen=True, eq=False)
class VoteTable:
    """What each vote says of the classes.

    Attributes
    ----------
    lf : ndarray of shape (n_symbols,)
        The LF of each symbol, ascending.
    vote : ndarray of shape (n_symbols,)
        The value of each symbol.
    log_p : ndarray of shape (n_symbols, n_classes)
        log P(symbol | Y, the LF votes), or log P(symbol | Y) where the LF's part is joint with its silence.
    joint : ndarray of shape (n_lfs,), dtype bool
        Whether an LF's part is joint with silence. That of an LF that only ever votes for one class has to be: given
        that it votes, its vote is certain.
    silence : ndarray of shape (n_lfs, n_classes) or None, default=None
        log P(the LF is silent | Y), where silence is evidence, as it is for all LFs then.
    """

    lf: NDArray[np.intp]
    vote: NDArray[Any]
    log_p: NDArray[np.float64]
    joint: NDArray[np.bool_]
    silence: NDArray[np.float64] | None = None

    @property
    def symbols(self) -> NDArray[Any]:
        """LF and vote of every symbol as one structured array."""
        symbols = np.empty(len(self.lf), dtype=[("lf", np.intp), ("vote", self.vote.dtype)])
        symbols["lf"], symbols["vote"] = self.lf, self.vote
        return symbols


def shrink(counts: Numbers, towards: Numbers, rows: Numbers, total: Numbers) -> NDArray[np.float64]:
    """Shares of counts, drawn to others: (counts + rows towards) / (total + rows).

    The mean of a Dirichlet posterior whose prior has its mean at `towards` and is worth `rows` rows.

    Parameters
    ----------
    counts, towards : array-like
    rows : array-like
        At least 0.
    total : array-like
        What the counts are shares of.
    """
    return np.asarray((counts + rows * towards) / (total + rows))


# One coin -----------------------------------------------------------------------------------------


def leaning(meaning: NDArray[np.float64], precision: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much likelier each symbol makes each class than it was, under equally frequent classes.

    An LF of precision a knows the class in (k a - 1) / (k - 1) of its votes, and says what its vote means; else it
    guesses. So a vote for one class makes that k a times as likely, and any other k (1 - a) / (k - 1) times.

    Parameters
    ----------
    meaning : ndarray of shape (n_symbols, n_classes)
    precision : ndarray of shape (n_symbols,)
        Of the symbol's LF, in [0, 1].

    Returns
    -------
    leaning : ndarray of shape (n_symbols, n_classes)
        At least 0, each row with a mean of 1.
    """
    n_classes = meaning.shape[1]
    if n_classes == 1:
        return np.ones_like(meaning)
    knows = ((n_classes * precision - 1) / (n_classes - 1))[:, None]
    return np.asarray(1 - knows + n_classes * knows * meaning)


def one_coin(
    meaning: NDArray[np.float64],
    precision: NDArray[np.float64],
    frequency: NDArray[np.float64],
    prior: NDArray[np.float64],
    joint: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
    """P(symbol | Y) that precisions imply, where symbols are as frequent as they are.

    With w the `leaning`, P(symbol | y) = P(symbol) w_y / (sum over classes of P(Y) w). Where `joint`, it is the odds of
    the symbol that are in proportion to w: so a frequent vote says less than a rare one, since its class is too
    small for it to be as precise.

    Parameters
    ----------
    meaning : ndarray of shape (n_symbols, n_classes)
    precision : ndarray of shape (n_symbols,)
        Of the symbol's LF; clipped to [0.01, 0.99].
    frequency : ndarray of shape (n_symbols,)
        P(symbol).
    prior : ndarray of shape (n_classes,)
    joint : ndarray of shape (n_symbols,), dtype bool, default=None

    Returns
    -------
    table : ndarray of shape (n_symbols, n_classes)
        In [0, 1].
    """
    leans = leaning(meaning, np.clip(precision, LEAST_PRECISION, 1 - LEAST_PRECISION))
    table = frequency[:, None] * leans / (leans @ prior)[:, None]
    # A frequent vote for a rare class keeps its odds.
    table /= np.maximum(table.max(axis=1, keepdims=True), 1.0)
    if joint is not None and joint.any():
        table[joint] = _of_odds(leans[joint], frequency[joint], prior)
    return table


def _of_odds(
    leans: NDArray[np.float64], frequency: NDArray[np.float64], prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """P(symbol | Y) whose odds are in proportion to `leans`, and whose mean is the frequency."""
    certain = frequency >= 1
    low = np.log(frequency / np.maximum(1 - frequency, 1e-12)) - np.log(leans.max(axis=1))
    high = low + np.log(leans.max(axis=1) / leans.min(axis=1))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        odds = np.exp(middle)[:, None] * leans
        over = (odds / (1 + odds)) @ prior > frequency
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    table = odds / (1 + odds)
    table[certain] = 1.0
    return np.asarray(table)


def snorkel_start(
    meaning: NDArray[np.float64],
    precision: NDArray[np.float64],
    frequency: NDArray[np.float64],
    prior: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Snorkel's start: P(symbol) precision / p_class for the symbol's own class, else zero.

    Parameters and returns are those of `one_coin`; Snorkel knows no symbol that says nothing, which here starts at
    P(symbol).
    """
    mu = (frequency * precision)[:, None] * meaning / prior
    says_nothing = (meaning == meaning[:, :1]).all(axis=1) & (len(prior) > 1)
    mu[says_nothing] = frequency[says_nothing, None]
    return np.clip(mu, 0.0, 1.0)


def least_probability(n_samples: float) -> float:
    """What a vote that never occurred is taken to be worth: 0.01, or less for more than 100 rows."""
    return float(min(0.01, 10.0 ** -np.ceil(np.log10(n_samples))))


def precision_per_lf(
    prec_init: Precisions, n_lfs: int, names: NDArray[np.object_] | None
) -> NDArray[np.float64]:
    """The precision that each LF is taken to have, of one number or one for each.

    Parameters
    ----------
    prec_init : float, array-like of shape (n_lfs,), or Series or dict of LF to precision
        A Series is read by its index, unless that counts its rows and is not what LFs are called.
    n_lfs : int
    names : ndarray of shape (n_lfs,) or None

    Raises
    ------
    ValueError
        No numbers, another length, an LF that does not exist or is missing, a precision outside [0, 1].
    """
    called = list(range(n_lfs)) if names is None else names.tolist()
    if isinstance(prec_init, Mapping) or _is_by_name(prec_init, called):
        columns_by_name(names, prec_init.keys(), "prec_init")
        prec_init = _in_order(dict(prec_init.items()), called)
    try:
        precision = np.asarray(prec_init, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"prec_init holds something that is no number: {error}.") from None
    if precision.ndim == 0:
        return np.full(n_lfs, float(precision))
    if precision.shape != (n_lfs,):
        raise ValueError(
            f"prec_init has shape {precision.shape}; it must be one number, or one for each of the "
            f"{n_lfs} LFs."
        )
    outside = np.flatnonzero(~((precision >= 0) & (precision <= 1)))
    if len(outside):
        raise ValueError(
            f"prec_init of {lf_label(names, int(outside[0]))} is {precision[outside[0]]}; a precision is in [0, 1]."
        )
    return precision


def _is_by_name(series: object, called: list[Hashable]) -> TypeGuard[pd.Series]:
    """Whether a Series has names of LFs for its index, or names of something else."""
    if not (hasattr(series, "index") and hasattr(series, "items")):
        return False
    index = series.index.tolist()
    return index != list(range(len(index))) or set(index) == set(called)


def _in_order(precision: dict[Hashable, float], called: list[Hashable]) -> list[float]:
    known = set(called)
    unknown = [name for name in precision if name not in known]
    missing = [name for name in called if name not in precision]
    if unknown:
        raise ValueError(
            f"prec_init names LF {quoted(unknown[0])}, which L does not have; its LFs are called "
            f"{listed_values(called)}."
        )
    if missing:
        raise ValueError(
            f"prec_init lacks LF {quoted(missing[0])}. Name every LF, as dict.fromkeys(L.columns, 0.7) | "
            "{name: precision} does, or pass one number for all."
        )
    return [precision[name] for name in called]


def sum_of_lf(values: NDArray[Any], lf: NDArray[np.intp], n_lfs: int) -> NDArray[np.float64]:
    """Sums of the values of each LF's symbols, shape (n_lfs, ...).

    Parameters
    ----------
    values : ndarray of shape (n_symbols, ...)
    lf : ndarray of shape (n_symbols,)
        The LF of each symbol, ascending.
    n_lfs : int
    """
    sums = np.zeros((n_lfs, *values.shape[1:]))
    if len(lf):
        firsts = np.append(0, 1 + np.flatnonzero(lf[1:] != lf[:-1]))
        sums[lf[firsts]] = np.add.reduceat(values, firsts)
    return sums
