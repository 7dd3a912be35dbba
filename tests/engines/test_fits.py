"""Label models on every engine against the same rows in memory: the same bits."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from engines import ENGINES, dataset, reader, relation
from helpers import make_votes
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from sklearn_labelmodel import (
    DawidSkeneClassifier,
    LabelModelClassifier,
    MajorityVoteClassifier,
    VoteStatistics,
)

MODELS = [LabelModelClassifier, DawidSkeneClassifier, MajorityVoteClassifier]
LFS = ["a", "b", "c", "d"]


def votes_table(n_rows=600, seed=3):
    """Texts, categories and nulls of four LFs, with gold labels of some rows, weights, and an identifier."""
    L, y = make_votes(n_rows, 4, seed=seed)
    words = np.array(["ham", "spam", None], dtype=object)
    columns = {name: pa.array(words[L[:, j]].tolist(), pa.string()) for j, name in enumerate(LFS)}
    columns["b"] = columns["b"].dictionary_encode()
    gold = [word if row % 7 == 0 else None for row, word in enumerate(words[y].tolist())]
    weight = np.random.default_rng(seed).integers(0, 4, n_rows)
    return pa.table(
        {**columns, "gold": pa.array(gold, pa.string()), "weight": weight, "id": np.arange(n_rows)}
    )


TABLE = votes_table()
FRAME = TABLE.to_pandas()
VOTES = FRAME[LFS]


def assert_same_bits(model, other):
    assert model.classes_.tolist() == other.classes_.tolist()
    assert model.feature_names_in_.tolist() == other.feature_names_in_.tolist()
    assert_array_equal(model.symbols_, other.symbols_)
    for name in ("mu_", "class_prior_", "lf_accuracies_", "coverage_"):
        assert_array_equal(getattr(model, name), getattr(other, name), name)
    assert_array_equal(model.predict_proba(VOTES), other.predict_proba(VOTES))


def made(result):
    return result.compute() if hasattr(result, "compute") else result.read_all().to_pandas()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("model", MODELS)
def test_a_fit_has_the_bits_of_the_fit_in_memory(model, engine, tmp_path):
    expected = model().fit(VOTES)
    for n_parts in (1, 5):
        source = engine(TABLE.select(LFS), tmp_path / str(n_parts), n_parts)
        assert_same_bits(model().fit(source), expected)


@pytest.mark.parametrize("engine", ENGINES)
def test_labels_and_weights_are_columns_of_the_source(engine, tmp_path):
    source = engine(TABLE.drop_columns(["id"]), tmp_path / "votes")
    expected = LabelModelClassifier().fit(VOTES, FRAME["gold"], FRAME["weight"])
    assert_same_bits(LabelModelClassifier().fit(source, y="gold", sample_weight="weight"), expected)


@pytest.mark.parametrize("engine", ENGINES)
def test_predictions_are_those_in_memory_and_stand_beside_their_identifiers(engine, tmp_path):
    model = LabelModelClassifier().fit(VOTES)
    proba = made(model.predict_proba(engine(TABLE, tmp_path / "proba"), keep=["id"]))
    assert list(proba.columns) == ["id", "probability_ham", "probability_spam"]
    assert proba["id"].tolist() == FRAME["id"].tolist()
    assert_array_equal(proba.iloc[:, 1:], model.predict_proba(VOTES))
    labels = made(model.predict(engine(TABLE, tmp_path / "labels")))
    assert labels["label"].tolist() == model.predict(VOTES).tolist()


def test_one_column_may_be_kept_by_its_name(tmp_path):
    model = LabelModelClassifier().fit(VOTES)
    kept = model.predict(dataset(TABLE, tmp_path), keep="id")
    assert kept.schema.names == ["id", "label"]


def test_a_reader_that_was_read_gives_no_empty_result(tmp_path):
    model, votes = LabelModelClassifier(), reader(TABLE.select(LFS), tmp_path)
    model.fit(votes)
    with pytest.raises(ValueError, match="can be read only once: make another"):
        model.predict_proba(votes).read_all()


def test_an_identifier_is_refused_by_the_first_rows_of_a_source(tmp_path):
    table = pa.table({"id": [f"row {row}" for row in range(11_000)], "a": ["ham"] * 11_000})
    told = r"part-0\.parquet: LF 'id' casts 11000 different votes in 11000 rows"
    with pytest.raises(ValueError, match=told):
        LabelModelClassifier().fit(dataset(table, tmp_path, 1))


def test_numbers_with_missing_ones_are_votes_and_labels_as_in_memory(tmp_path):
    L, y = make_votes(400, 3, n_classes=3, seed=5)
    gold = np.where(np.arange(400) % 5, -1, y)
    expected = LabelModelClassifier().fit(L, gold)
    columns = {
        f"{j}": pa.array([None if vote == -1 else vote for vote in L[:, j].tolist()], pa.int8())
        for j in range(3)
    }
    gold_column = pa.array([None if label == -1 else label for label in gold.tolist()], pa.int64())
    table = pa.table({**columns, "y": gold_column})
    for engine in ENGINES:
        model = LabelModelClassifier().fit(engine(table, tmp_path / engine.__name__), "y")
        assert_array_equal(model.mu_, expected.mu_)
        labels = made(model.predict(engine(table, tmp_path / engine.__name__)))["label"]
        assert labels.tolist() == expected.predict(L).tolist()


def test_lfs_of_dask_may_be_called_like_what_a_table_of_arrow_has():
    """Columns of pandas are attributes too."""
    dd = pytest.importorskip("dask.dataframe")
    names = ["column_names", "column", "select", "to_pandas"]
    L = FRAME[LFS].astype(object).set_axis(names, axis=1)
    model = LabelModelClassifier().fit(dd.from_pandas(L, npartitions=2))
    assert_array_equal(model.mu_, LabelModelClassifier().fit(L).mu_)


def test_arrays_of_dask_give_arrays():
    da = pytest.importorskip("dask.array")
    L, y = make_votes(500, 4, seed=6)
    lazy = da.from_array(np.column_stack([L, y]), chunks=(90, 5))
    model, expected = LabelModelClassifier().fit(lazy, y=4), LabelModelClassifier().fit(L, y)
    assert_array_equal(model.mu_, expected.mu_)
    assert_array_equal(model.predict_proba(lazy[:, :4]).compute(), expected.predict_proba(L))
    assert_array_equal(model.predict(lazy[:, :4]).compute(), expected.predict(L))


@given(
    st.lists(
        st.lists(st.sampled_from(["a", "b", "c", None]), min_size=3, max_size=3),
        min_size=2,
        max_size=40,
    ),
    st.lists(st.integers(1, 39), max_size=5),
    st.randoms(use_true_random=False),
)
def test_any_parts_in_any_order_have_the_same_statistics(rows, bounds, random):
    table = pa.table(
        {name: pa.array([row[j] for row in rows], pa.string()) for j, name in enumerate("abc")}
    )
    cuts = sorted({0, len(rows), *(bound for bound in bounds if bound < len(rows))})
    parts = [table.slice(start, stop - start) for start, stop in pairwise(cuts)]
    random.shuffle(parts)
    counts = sum(VoteStatistics(part) for part in parts)
    assert counts == VoteStatistics(table)


# Faults -------------------------------------------------------------------------------------------


def test_a_fit_that_fails_on_the_way_leaves_the_model_as_it_was(tmp_path):
    model = LabelModelClassifier(classes=["ham", "spam"]).fit(VOTES)
    before = dict(vars(model))
    votes = TABLE.select(LFS).to_pandas()
    votes.loc[555, "c"] = "eggs"
    source = dataset(pa.Table.from_pandas(votes, preserve_index=False), tmp_path / "votes", 2)
    told = r"part-1\.parquet: LF 'c', row 405: the vote 'eggs' is none of the classes"
    with pytest.raises(ValueError, match=told):
        model.fit(source)
    assert vars(model) == before
    with pytest.raises(ValueError, match=told):
        model.predict_proba(source).read_all()


def test_labels_and_weights_of_a_source_are_names(tmp_path):
    source = reader(TABLE, tmp_path)
    with pytest.raises(ValueError, match=r"`y` is a Series. Give the name of a column of L as `y`"):
        LabelModelClassifier().fit(source, y=FRAME["gold"])
    with pytest.raises(ValueError, match="no column 'godl'; the columns are"):
        LabelModelClassifier().fit(source, y="godl")


def test_nothing_is_kept_of_rows_in_memory():
    model = MajorityVoteClassifier().fit(VOTES)
    for call in (model.predict, model.predict_proba):
        with pytest.raises(ValueError, match="`keep` is for rows that are not in memory"):
            call(VOTES, keep=["a"])


def test_a_source_without_a_column_of_the_fit_is_refused(tmp_path):
    model = MajorityVoteClassifier().fit(VOTES)
    with pytest.raises(ValueError, match="no column 'd'"):
        model.predict(relation(TABLE.select(LFS[:3]), tmp_path / "votes"))


def test_a_model_of_rows_without_names_reads_all_columns(tmp_path):
    L, _ = make_votes(100, 3)
    model = MajorityVoteClassifier().fit(L)
    with pytest.warns(UserWarning, match="X has feature names"):
        proba = model.predict_proba(
            ds.dataset(pa.table({name: L[:, j] for j, name in enumerate("abc")}))
        ).read_all()
    assert_array_equal(np.column_stack(proba.columns), model.predict_proba(L))


def test_verbose_shows_the_rows_read(tmp_path, capsys):
    LabelModelClassifier(verbose=1).fit(reader(TABLE.select(LFS), tmp_path))
    assert "reading votes: 600row [" in capsys.readouterr().err


def test_logarithms_of_what_is_computed_elsewhere_are_left_to_users(tmp_path):
    model = LabelModelClassifier().fit(VOTES)
    with pytest.raises(TypeError, match="logarithm of what predict_proba gives"):
        model.predict_log_proba(dataset(TABLE, tmp_path))
