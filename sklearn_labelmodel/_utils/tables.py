"""Which library a table in memory is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeGuard

    import pandas as pd
    import pyarrow as pa
    from typing_extensions import TypeIs


def is_pandas(table: object) -> TypeIs[pd.DataFrame]:
    """Whether a table is one of pandas."""
    return hasattr(table, "iloc")


def is_arrow(table: object) -> TypeGuard[pa.Table]:
    """Whether a table is one of Arrow."""
    # A column of pandas, whatever it is called, is an attribute too.
    return hasattr(table, "column_names") and not is_pandas(table)
