"""What changed between an older look at the labeling functions and this one."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtri

from .parts import Finding, ReportParts, called, percent

if TYPE_CHECKING:
    import pandas as pd

# Changes that matter, and the probability, in all LFs together, below which one is no accident of the rows drawn.
COVERAGE_MOVED, VOTES_MOVED, AGREEMENT_MOVED = 0.05, 0.1, 0.1
ACCIDENT = 0.001


def drift_of(new: ReportParts, old: ReportParts) -> pd.DataFrame:
    """Coverage, votes and agreement of the LFs that both reports have, then and now.

    Parameters
    ----------
    new, old : ReportParts

    Returns
    -------
    drift : DataFrame
        Indexed by LF name, with columns coverage, coverage_before, votes_moved (share of the votes that are for
        something else than before, in [0, 1]), p_votes (probability of so much by accident), agreement,
        agreement_before.

    Raises
    ------
    ValueError
        The two have no LF in common.
    """
    import pandas as pd

    before = dict(zip(old.lfs.index.tolist(), range(len(old.lfs)), strict=True))
    known = [j for j, name in enumerate(new.lfs.index.tolist()) if name in before]
    if not known:
        raise ValueError(
            f"The reference has none of these LFs: its first is {called(old.lfs.index[0])}, here it is "
            f"{called(new.lfs.index[0])}. Pass the votes, or a report, of the same LFs."
        )
    lfs = new.lfs.iloc[known]
    earlier = old.lfs.iloc[[before[name] for name in lfs.index.tolist()]]
    now, then = _votes_by_lf(new.votes), _votes_by_lf(old.votes)
    moved = [_moved(now.get(name, {}), then.get(name, {})) for name in lfs.index.tolist()]
    columns = {
        "votes": lfs["votes"].to_numpy(),
        "votes_before": earlier["votes"].to_numpy(),
        "coverage": lfs["coverage"].to_numpy(),
        "coverage_before": earlier["coverage"].to_numpy(),
        "votes_moved": [share for share, _ in moved],
        "p_votes": [p for _, p in moved],
        "agreement": lfs["agreement"].to_numpy(),
        "agreement_before": earlier["agreement"].to_numpy(),
    }
    return pd.DataFrame(columns, index=lfs.index)


def _votes_by_lf(votes: pd.DataFrame) -> dict[Any, dict[Any, float]]:
    by_lf: dict[Any, dict[Any, float]] = {}
    for lf, vote, rows in zip(votes["lf"], votes["vote"], votes["rows"], strict=True):
        by_lf.setdefault(lf, {})[vote] = rows
    return by_lf


def _moved(now: dict[Hashable, float], then: dict[Hashable, float]) -> tuple[float, float]:
    """Share of the votes that moved to other values, and how probable so much is by accident."""
    counts = np.array([[side.get(vote, 0.0) for vote in {**now, **then}] for side in (now, then)])
    totals = counts.sum(axis=1, keepdims=True)
    if not counts.size or (totals == 0).any():
        return 0.0, 1.0
    shares, expected = counts / totals, totals * counts.sum(axis=0) / totals.sum()
    chi2 = ((counts - expected) ** 2 / expected).sum()
    return float(np.abs(shares[0] - shares[1]).sum() / 2), float(
        chdtrc(max(1, counts.shape[1] - 1), chi2)
    )


def drift_findings(drift: pd.DataFrame, n_rows: float, n_before: float) -> tuple[Finding, ...]:
    """What drifted, by more than sampling noise.

    Parameters
    ----------
    drift : DataFrame
        As `drift_of` makes it.
    n_rows, n_before : float
        Rows that were read.
    """
    names, table = drift.index.tolist(), {name: drift[name].to_numpy() for name in drift}
    accident = ACCIDENT / len(names)
    return (
        *_coverage_findings(names, table, n_rows, n_before, -ndtri(accident)),
        *_vote_findings(names, table, accident),
        *_agreement_findings(names, table, -ndtri(accident)),
    )


def _coverage_findings(
    names: list[Hashable],
    table: dict[Hashable, NDArray[Any]],
    n_rows: float,
    n_before: float,
    seldom: float,
) -> list[Finding]:
    now, then = table["coverage"], table["coverage_before"]
    pooled = (now * n_rows + then * n_before) / (n_rows + n_before)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n_rows + 1 / n_before))
    return [
        Finding(
            "drifted-coverage",
            "warning",
            names[j],
            f"{called(names[j])} votes in {percent(now[j])} of the rows, in the reference in {percent(then[j])}",
            "look whether its rows or its rule have changed",
        )
        for j in _beyond(now - then, COVERAGE_MOVED, seldom, error)
    ]


def _vote_findings(
    names: list[Hashable], table: dict[Hashable, NDArray[Any]], accident: float
) -> list[Finding]:
    share, p = table["votes_moved"], table["p_votes"]
    return [
        Finding(
            "drifted-votes",
            "warning",
            names[j],
            f"{called(names[j])} casts {percent(share[j])} of its votes for other values than in the reference",
            "look whether the classes are as frequent as they were, and fit again if they are not",
        )
        for j in np.flatnonzero((share >= VOTES_MOVED) & (p < accident))
    ]


def _agreement_findings(
    names: list[Hashable], table: dict[Hashable, NDArray[Any]], seldom: float
) -> list[Finding]:
    now, then = table["agreement"], table["agreement_before"]
    counts = 1 / np.maximum(table["votes"], 1) + 1 / np.maximum(table["votes_before"], 1)
    with np.errstate(invalid="ignore"):
        middle = (now + then) / 2
        error = np.sqrt(middle * (1 - middle) * counts)
    return [
        Finding(
            "drifted-agreement",
            "warning",
            names[j],
            f"{called(names[j])} agrees with {percent(now[j])} of the votes beside its own, in the reference with "
            f"{percent(then[j])}",
            "look at rows in which it votes, and fit again if it has become better or worse",
        )
        for j in _beyond(now - then, AGREEMENT_MOVED, seldom, error)
    ]


def _beyond(
    change: NDArray[np.float64], least: float, seldom: float, error: NDArray[np.float64]
) -> list[int]:
    """Where a change is large, and larger than its error explains."""
    with np.errstate(invalid="ignore"):
        return np.flatnonzero(
            (np.abs(change) >= least) & (np.abs(change) > seldom * error)
        ).tolist()
