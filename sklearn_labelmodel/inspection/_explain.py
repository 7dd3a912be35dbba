"""inspection._explain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._evidence.combine import Evidence
from .._votes.codes import Votes

if TYPE_CHECKING:
    import pandas as pd


def contributions(votes: Votes, evidence: Evidence) -> NDArray[np.float64]:
    """What each vote adds to the log of every class's probability.

    Parameters
    ----------
    votes : Votes
    evidence : Evidence

    Returns
    -------
    contributions : ndarray of shape (n_samples, n_lfs + 1, n_classes), dtype float64
        [i, j, y] is what the vote of LF j in row i adds for class y, at most 0, and 0 where it abstains: its
        log-likelihood, less where votes are tempered or shared with copies; [i, n_lfs, y] is the log of the prior,
        tempered too where that is known. The softmax of the sum over axis 1 is the posterior.
    """
    n_classes = len(evidence.log_prior)
    terms = np.empty((votes.n_samples, votes.n_lfs + 1, n_classes))
    lfs = np.arange(votes.n_lfs)[:, None]
    for rows, codes in votes.blocks(n_classes):
        terms[rows] = evidence.terms(evidence.rows[lfs, codes].T)
    return terms


def explain_row(
    votes: Votes,
    evidence: Evidence,
    classes: NDArray[Any],
    names: NDArray[Any] | None = None,
) -> pd.DataFrame:
    """Explain one row: the class prior, then its votes, the strongest first.

    Parameters
    ----------
    votes : Votes
        Of a single row.
    evidence : Evidence
    classes : ndarray of shape (n_classes,)
    names : ndarray of shape (n_lfs,), default=None
        LF names; column numbers without them.

    Returns
    -------
    table : DataFrame
        Indexed by "class prior" and the names of the LFs that vote. Column "vote" is the vote (None for the
        prior); then there is a column for each class with the contribution less its mean over the classes:
        positive speaks for the class, negative against it, and differences are log-odds. The softmax of these
        columns' sums is the posterior. LFs that abstain add nothing and are left out; only what the silence of LFs
        that cast one vote says with class_balance given is in the row of the class prior.

    Raises
    ------
    ValueError
        There is more than one row.
    """
    import pandas as pd

    if votes.n_samples != 1:
        raise ValueError(f"One row of votes can be explained at a time; got {votes.n_samples}.")
    terms = contributions(votes, evidence)[0]
    terms -= terms.mean(axis=1, keepdims=True)
    codes = votes.block(0, 1)[:, 0]
    strength = np.ptp(terms[:-1], axis=1)
    voters = np.flatnonzero(codes != votes.abstain_code)
    voters = voters[np.argsort(-strength[voters], kind="stable")]
    labels = list(range(votes.n_lfs)) if names is None else np.asarray(names).tolist()
    values = votes.values.tolist()
    index = pd.Index(["class prior", *(labels[j] for j in voters)], dtype=object, name="lf")
    said = pd.Series([None, *(values[codes[j]] for j in voters)], index=index, dtype=object)
    table = pd.DataFrame(terms[[-1, *voters]], index=index, columns=classes.tolist())
    return pd.concat([said.rename("vote"), table], axis=1)
