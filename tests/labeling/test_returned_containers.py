"""Vectorized labeling functions may return the containers of other libraries."""

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from sklearn_labelmodel import LabelingFunctions, labeling_function

VOTES = {
    "mask": np.ma.array([1, 0, 1], mask=[False, True, False]),
    "mask of words": np.ma.array(["a", "b", "a"], mask=[False, True, False]),
    "Arrow": pa.array([1, None, 1]),
    "Arrow dictionary": pa.array(["a", None, "a"]).dictionary_encode(),
    "Arrow chunks": pa.chunked_array([[2**60 + 1], [None, 2]]),
    "polars": pl.Series([2**60 + 1, None, 2]),
}


@pytest.mark.parametrize("votes", VOTES.values(), ids=VOTES)
def test_what_is_missing_abstains_and_nothing_is_rounded(votes):
    @labeling_function(vectorized=True, name="lf")
    def lf(_):
        return votes

    L = LabelingFunctions([lf]).fit_transform(["x", "y", "z"])
    as_list = next(
        getattr(votes, name) for name in ("to_pylist", "to_list", "tolist") if hasattr(votes, name)
    )
    assert [None if cell != cell else cell for cell in L[:, 0].tolist()] == as_list()
