"""Why a row got its probabilities: what each vote, and the class prior, adds to them.

Evidence tables are those of `_posterior`: for each LF and vote code the log-likelihood of that vote under each class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ._vote_blocks import vote_blocks
from ._votes import Votes

if TYPE_CHECKING:
    import pandas as pd


def contributions(
    votes: Votes, tables: NDArray[np.float64], log_prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What each vote adds to the log of every class's probability.

    Parameters
    ----------
    votes : Votes
    tables : ndarray of shape (n_lfs, n_values + 1, n_classes)
        Evidence of each vote code; zero where it has none.
    log_prior : ndarray of shape (n_classes,)

    Returns
    -------
    contributions : ndarray of shape (n_samples, n_lfs + 1, n_classes), dtype float64
        [i, j, y] = log P(vote of LF j in row i | Y = y), at most 0, and 0 where it abstains; [i, n_lfs, y] is the
        log of the class prior. The sum over axis 1 is log P(votes, Y), the softmax of which is the posterior.
    """
    n_lfs = votes.n_lfs
    terms = np.empty((votes.n_samples, n_lfs + 1, len(log_prior)))
    terms[:, n_lfs] = log_prior
    lfs = np.arange(n_lfs)[:, None]
    for rows, codes in vote_blocks(votes, len(log_prior)):
        terms[rows, :n_lfs] = tables[lfs, codes].transpose(1, 0, 2)
    return terms


def explain_row(
    votes: Votes,
    tables: NDArray[np.float64],
    log_prior: NDArray[np.float64],
    classes: NDArray[Any],
    names: NDArray[Any] | None = None,
) -> pd.DataFrame:
    """Explain one row: the class prior, then its votes, the strongest first.

    Parameters
    ----------
    votes : Votes
        Of a single row.
    tables, log_prior
        As for `contributions`.
    classes : ndarray of shape (n_classes,)
    names : ndarray of shape (n_lfs,), default=None
        LF names; column numbers without them.

    Returns
    -------
    table : DataFrame
        Indexed by "class prior" and the names of the LFs that vote. Column "vote" is the vote (None for the
        prior); then there is a column for each class with the contribution less its mean over the classes:
        positive speaks for the class, negative against it, and differences are log-odds. The softmax of these
        columns' sums is the posterior. LFs that abstain add nothing and are left out.

    Raises
    ------
    ValueError
        There is more than one row.
    """
    import pandas as pd

    if votes.n_samples != 1:
        raise ValueError(f"One row of votes can be explained at a time; got {votes.n_samples}.")
    terms = contributions(votes, tables, log_prior)[0]
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
