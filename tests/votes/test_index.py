"""Names of columns of any kind are names, and an index in another order is refused."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from helpers import make_votes
from numpy.testing import assert_array_equal

from sklearn_labelmodel import (
    DawidSkeneClassifier,
    LabelModelClassifier,
    MajorityVoteClassifier,
    TunedAbstainClassifier,
    WeakSupervisionClassifier,
)
from sklearn_labelmodel._utils import check_row_order
from sklearn_labelmodel._votes.reader import column_names
from sklearn_labelmodel.end_model import soft_label_expand
from sklearn_labelmodel.inspection import filter_unlabeled, lf_summary, probs_to_preds

VOTES, TRUTH = make_votes(120, 4)
VOTES = np.where(np.arange(4) == 3, np.where(VOTES < 0, -1, 1 - TRUTH[:, None]), VOTES)
MODELS = [LabelModelClassifier, DawidSkeneClassifier, MajorityVoteClassifier]
NAMES = {
    "integers": [7, 1, 2, 9],
    "two levels": [("a", 1), ("a", 2), ("b", 1), ("b", 2)],
    "mixed": ["a", 1, "b", 2],
    "dates": list(pd.date_range("2020-01-01", periods=4)),
    "strings": list("abcd"),
}


def named(kind):
    names = NAMES[kind]
    index = pd.MultiIndex.from_tuples(names) if kind == "two levels" else pd.Index(names)
    return pd.DataFrame(VOTES, columns=index)


# Names --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", NAMES)
def test_names_of_any_kind_are_names(kind):
    L, names = named(kind), NAMES[kind]
    model = LabelModelClassifier(dependencies=[(names[0], names[1])]).fit(L)
    assert model.feature_names_in_.tolist() == names
    assert model.dependencies_ == [(names[0], names[1])]
    assert lf_summary(L).index.tolist() == lf_summary(L, label_model=model).index.tolist() == names
    assert set(model.explain(L.iloc[[0]]).index) <= {"class prior", *names}
    assert repr(names[3]) in str(model.report(L)) or str(names[3]) in str(model.report(L))


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("model", MODELS)
def test_columns_in_another_order_are_refused(model, kind):
    L = named(kind)
    fitted = model().fit(L)
    for ask in (fitted.predict, fitted.score, fitted.report):
        with pytest.raises(ValueError, match="must be in the same order as they were in fit"):
            ask(L.iloc[:, ::-1])
    other = L.set_axis([*L.columns[:3], "another"], axis=1)
    with pytest.raises(ValueError, match=r"unseen at fit time:\n- another\n.*now missing"):
        fitted.predict(other)


@pytest.mark.parametrize("convert", [pl.DataFrame, lambda L: pa.Table.from_pandas(L)])
def test_names_of_other_tables(convert):
    L = named("strings")
    model = LabelModelClassifier().fit(convert(L))
    assert model.feature_names_in_.tolist() == list("abcd")
    assert_array_equal(model.predict(L), model.predict(convert(L)))
    with pytest.raises(ValueError, match="same order"):
        model.predict(convert(L[list("dcba")]))


def test_lfs_may_be_called_like_what_a_table_of_arrow_has():
    """Columns of pandas are attributes too."""
    L = named("strings").set_axis(["column_names", "column", "select", "to_pandas"], axis=1)
    model = LabelModelClassifier().fit(L)
    assert model.feature_names_in_.tolist() == L.columns.tolist()
    assert_array_equal(model.predict(L), LabelModelClassifier().fit(L.to_numpy()).predict(VOTES))


def test_columns_that_are_numbered_have_no_names():
    L = pd.DataFrame(VOTES)
    model = LabelModelClassifier().fit(L)
    assert column_names(L) is None
    assert not hasattr(model, "feature_names_in_")
    assert_array_equal(model.predict(VOTES), model.predict(L))
    with pytest.raises(ValueError, match="same order"):
        model.predict(L[[1, 0, 2, 3]])


def test_names_only_in_fit_or_only_later_warn():
    L = named("integers")
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        LabelModelClassifier().fit(L).predict(VOTES)
    with pytest.warns(UserWarning, match="fitted without feature names"):
        LabelModelClassifier().fit(VOTES).predict(L)


def test_a_message_names_an_integer_as_it_is():
    L = named("integers").astype(object)
    L.iloc[3, 0] = []
    with pytest.raises(TypeError, match=r"LF 7, row 3: the vote \[\] is a list"):
        LabelModelClassifier().fit(L)


# Rows ---------------------------------------------------------------------------------------------

TASKS = [f"t{row}" for row in range(120)]
L = pd.DataFrame(VOTES, index=TASKS, columns=list("abcd"))
Y = pd.Series(TRUTH, index=TASKS)
X = pd.DataFrame({"x": TRUTH + np.linspace(0, 0.5, 120)}, index=TASKS)
OTHER = np.random.default_rng(0).permutation(120)
GOLD = Y.where(np.arange(120) < 60, -1)
PROBA = pd.DataFrame(np.eye(2)[TRUTH], index=TASKS)
ASK = {
    "fit": lambda y: LabelModelClassifier().fit(L, y),
    "fit, Dawid-Skene": lambda y: DawidSkeneClassifier().fit(L, y),
    "fit, majority": lambda y: MajorityVoteClassifier().fit(L, y),
    "score": lambda y: LabelModelClassifier().fit(L).score(L, y),
    "weights": lambda y: LabelModelClassifier().fit(L).score(L, Y, sample_weight=y + 1.0),
    "lf_summary": lambda y: lf_summary(L, y),
    "lf_summary, model": lambda y: lf_summary(L, y, LabelModelClassifier().fit(L)),
    "end model": lambda y: WeakSupervisionClassifier().fit(X, L=L.loc[y.index]),
    "end model, y": lambda y: WeakSupervisionClassifier().fit(X, y, L=L),
    "end model, score": lambda y: WeakSupervisionClassifier().fit(X, L=L).score(X, y),
    "abstaining": lambda y: TunedAbstainClassifier(precision=0.5).fit(L, y),
    "filter": lambda y: filter_unlabeled(X.loc[y.index], L),
    "filter, more": lambda y: filter_unlabeled(X, L, y),
    "expand": lambda y: soft_label_expand(X.loc[y.index], PROBA, [0, 1]),
}


@pytest.mark.parametrize("ask", ASK.values(), ids=ASK)
def test_the_same_index_in_another_order_is_refused(ask):
    ask(Y)
    with pytest.raises(ValueError, match=r"have the same index in another order .*\.loc\["):
        ask(Y.iloc[OTHER])


def test_the_remedies_work():
    shuffled = Y.iloc[OTHER]
    right = LabelModelClassifier().fit(L, Y)
    assert_array_equal(LabelModelClassifier().fit(L, shuffled.loc[L.index]).mu_, right.mu_)
    assert_array_equal(LabelModelClassifier().fit(L, Y.to_numpy()).mu_, right.mu_)


@pytest.mark.parametrize(
    "index",
    [range(120), range(1, 121), [*TASKS[:-1], "another"][::-1], [0] * 120],
    ids=["numbered", "from one", "one other label", "all alike"],
)
def test_other_indexes_are_read_by_position(index):
    model = LabelModelClassifier().fit(L, Y.set_axis(index))
    assert_array_equal(model.mu_, LabelModelClassifier().fit(L, TRUTH).mu_)


def test_repeated_labels_in_another_order_are_refused():
    one, other = pd.Series(0, index=list("aab")), pd.Series(0, index=list("aba"))
    with pytest.raises(ValueError, match=r"row 1 is 'a' in L and 'b' in y"):
        check_row_order(L=one, y=other)
    check_row_order(L=one, y=one.copy())
    check_row_order(L=one, y=pd.Series(0, index=list("abb")))
    check_row_order(L=one, y=[0, 0, 0])


def test_columns_of_probabilities_in_another_order_are_refused():
    proba = pd.DataFrame([[0.9, 0.1]], columns=["spam", "ham"])
    with pytest.raises(ValueError, match=r"Pass proba\[classes\]"):
        probs_to_preds(proba, ["ham", "spam"])
    assert probs_to_preds(proba[["ham", "spam"]], ["ham", "spam"]).tolist() == ["spam"]


def test_labels_and_weights_are_in_one_order_whatever_the_index_of_votes():
    L, y = pd.DataFrame(VOTES[:3], index=list("abc")), pd.Series([0, 1, 1])
    with pytest.raises(
        ValueError, match="y and sample_weight have the same index in another order"
    ):
        check_row_order(L=L, y=y, sample_weight=pd.Series([1.0, 2.0, 3.0], index=[2, 1, 0]))
