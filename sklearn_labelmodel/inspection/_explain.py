"""Why a row got its probabilities: what each vote, and what is known without them, adds to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._votes.codes import Votes
from .._votes.scores import Scores

if TYPE_CHECKING:
    import pandas as pd


def explain_row(
    votes: Votes,
    terms: NDArray[np.float64],
    classes: NDArray[Any],
    names: NDArray[Any] | None = None,
    scored: Scores | None = None,
) -> pd.DataFrame:
    """Explain one row: the class prior, then its votes, the strongest first.

    Parameters
    ----------
    votes : Votes
        Of a single row.
    terms : ndarray of shape (1, n_lfs + 1, n_classes)
        What each vote, and last what is known without them, adds for each class.
    classes : ndarray of shape (n_classes,)
    names : ndarray of shape (n_lfs,), default=None
        LF names; column numbers without them.
    scored : Scores, default=None
        Columns of scores: there, the vote is the range of scores that the row's falls into.

    Returns
    -------
    table : DataFrame
        It shows a bar for each vote, in a notebook and in print; what is computed from it is an ordinary DataFrame.
        Indexed by "class prior" and the names of the LFs that vote. Column "vote" is the vote (None for the prior).
        Then there is a column for each class with the contribution less its mean over the classes: positive speaks for
        the class, negative against it, and differences are log-odds. The softmax of these columns' sums is the
        posterior. LFs that abstain add nothing and are left out; only what the silence of LFs that cast one vote says
        with class_balance given is in the row of the class prior.

    Raises
    ------
    ValueError
        There is more than one row.
    """
    import pandas as pd

    from ._page.frames import Explanation

    if votes.n_samples != 1:
        raise ValueError(
            f"One row of votes can be explained at a time; got {votes.n_samples}. Pass it as L.iloc[[0]] or L[:1]."
        )
    terms = terms[0] - terms[0].mean(axis=1, keepdims=True)
    codes = votes.block(0, 1)[:, 0]
    strength = np.ptp(terms[:-1], axis=1)
    voters = np.flatnonzero(codes != votes.abstain_code)
    voters = voters[np.argsort(-strength[voters], kind="stable")]
    labels = list(range(votes.n_lfs)) if names is None else np.asarray(names).tolist()
    values = votes.values.tolist()
    index = pd.Index(["class prior", *(labels[j] for j in voters)], dtype=object, name="lf")
    said = [values[codes[j]] for j in voters]
    if scored is not None:
        said = [scored.words(j, vote) for j, vote in zip(voters.tolist(), said, strict=True)]
    shown = pd.Series([None, *said], index=index, dtype=object)
    table = pd.DataFrame(terms[[-1, *voters]], index=index, columns=classes.tolist())
    return Explanation(pd.concat([shown.rename("vote"), table], axis=1))
