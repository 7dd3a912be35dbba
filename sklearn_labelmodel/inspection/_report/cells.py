"""Some rows of L, cell by cell: what each vote means, and what label its row gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from ..._votes.codes import Votes


@dataclass(frozen=True, eq=False)
class Cells:
    """Some rows.

    Attributes
    ----------
    votes : Votes
    row : ndarray of shape (n_rows,), dtype object
        What users call each row.
    proba : ndarray of shape (n_rows, n_classes)
    lf : ndarray of shape (n_symbols,)
        The LF of each symbol.
    meant : ndarray of shape (n_symbols, n_classes), dtype bool
        The classes that it speaks for.
    holds : CSR array of shape (n_rows, n_symbols)
        1 where the row holds the symbol.
    """

    votes: Votes
    row: NDArray[np.object_]
    proba: NDArray[np.float64]
    lf: NDArray[np.intp]
    meant: NDArray[np.bool_]
    holds: Any

    @property
    def label(self) -> NDArray[np.intp]:
        """Most probable class of each row, shape (n_rows,)."""
        return np.asarray(self.proba.argmax(axis=1))

    @property
    def counts(self) -> NDArray[np.float64]:
        """Votes that speak for each class, shape (n_rows, n_classes)."""
        return np.asarray(self.holds @ self.meant.astype(np.float64))

    @property
    def n_speaking(self) -> NDArray[np.float64]:
        """Votes of each row that speak for any class, shape (n_rows,)."""
        return np.asarray(self.holds @ self.meant.any(axis=1).astype(np.float64))

    def against(self, label: NDArray[np.intp]) -> Any:
        """Votes that speak for other classes than the row's label: CSR array of shape (n_rows, n_symbols)."""
        cells = self.holds.tocoo()
        opposed = (
            np.asarray(self.meant.any(axis=1))[cells.col] & ~self.meant[cells.col, label[cells.row]]
        )
        at = (cells.row[opposed], cells.col[opposed])
        return sp.csr_array((np.ones(len(at[0])), at), shape=self.holds.shape)

    def by_lf(self, of_symbol: Any) -> Any:
        """Sums over the symbols of each LF: CSR array of shape (n_rows, n_lfs)."""
        entries = (np.ones(len(self.lf)), (np.arange(len(self.lf)), self.lf))
        return sp.csr_array(of_symbol @ sp.csr_array(entries, (len(self.lf), self.votes.n_lfs)))
