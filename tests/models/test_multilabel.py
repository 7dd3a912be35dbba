"""Rows with several labels: one label model for each."""

import pickle
import re

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score, f1_score, label_ranking_loss
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.utils import estimator_checks, get_tags

from sklearn_labelmodel import (
    DawidSkeneClassifier,
    LabelModelClassifier,
    MajorityVoteClassifier,
    MultilabelClassifier,
)

LABELS = ["law", "sports", "art"]
QUICK = LabelModelClassifier(n_epochs=5)


def make_multilabel(n_samples=300, n_lfs=5, seed=0):
    """Indicators of three labels, and votes that are right four times in five; a quarter abstains (-1)."""
    rng = np.random.default_rng(seed)
    y = (rng.random((n_samples, 3)) < 0.4).astype(int)
    right = rng.random((n_samples, 3, n_lfs)) < 0.8
    X = np.where(right, y[:, :, None], 1 - y[:, :, None])
    # A set abstains from all labels or from none.
    X[np.broadcast_to(rng.random((n_samples, 1, n_lfs)) < 0.25, X.shape)] = -1
    return X, y


def as_dict(X):
    return {label: X[:, j] for j, label in enumerate(LABELS)}


def as_two_levels(X):
    columns = pd.MultiIndex.from_product([LABELS, range(X.shape[2])])
    return pd.DataFrame(X.reshape(len(X), -1), columns=columns)


def as_sets(X, kind=set):
    cells = np.empty((X.shape[0], X.shape[2]), dtype=object)
    for row, lf in np.ndindex(cells.shape):
        votes = X[row, :, lf]
        if votes[0] != -1:
            cells[row, lf] = kind(label for label, vote in zip(LABELS, votes, strict=True) if vote)
    return pd.DataFrame(cells, columns=[f"lf_{j}" for j in range(X.shape[2])])


def masked(cells):
    empty = np.equal(cells, None).astype(bool)
    return np.ma.masked_array(np.where(empty, {"law"}, cells), empty)


FORMS = {
    "dict": as_dict,
    "dict of frames": lambda X: {k: pd.DataFrame(L) for k, L in as_dict(X).items()},
    "missing values": lambda X: {k: np.where(L < 0, np.nan, L) for k, L in as_dict(X).items()},
    "two levels": as_two_levels,
    "sets": as_sets,
    "lists": lambda X: as_sets(X, list),
    "tuples": lambda X: as_sets(X, tuple),
    "array of sets": lambda X: as_sets(X).to_numpy(),
    "nested lists": lambda X: as_sets(X).to_numpy().tolist(),
    "polars": lambda X: pl.DataFrame({k: v.tolist() for k, v in as_sets(X, list).items()}),
    "arrow": lambda X: pa.table({k: v.tolist() for k, v in as_sets(X, list).items()}),
    "masked array": lambda X: masked(as_sets(X).to_numpy()),
    "columns of one name": lambda X: as_sets(X).set_axis(["lf"] * X.shape[2], axis=1),
}


@pytest.mark.parametrize("model", [QUICK, DawidSkeneClassifier(), MajorityVoteClassifier()])
def test_each_label_has_the_label_model_of_its_votes(model):
    X, _ = make_multilabel()
    fitted = MultilabelClassifier(model).fit(as_dict(X))
    for j, label in enumerate(LABELS):
        own = clone(model).set_params(classes=[0, 1]).fit(X[:, j])
        assert_array_equal(fitted.predict_proba(as_dict(X))[:, j], own.predict_proba(X[:, j])[:, 1])
        assert_array_equal(fitted.predict(as_dict(X))[:, j], own.predict(X[:, j]))
        assert_array_equal(fitted.label_models_[label].classes_, [0, 1])


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_gives_the_same(form):
    X, _ = make_multilabel()
    expected = MultilabelClassifier(QUICK, labels=LABELS).fit(X)
    found = MultilabelClassifier(QUICK, labels=LABELS).fit(form(X))
    assert found.classes_.tolist() == LABELS
    assert_allclose(found.predict_proba(form(X)), expected.predict_proba(X), rtol=1e-12)


@pytest.mark.parametrize(
    ("form", "labels"),
    [
        (as_dict, LABELS),
        (as_two_levels, LABELS),
        (as_sets, sorted(LABELS)),
        (np.asarray, [0, 1, 2]),
    ],
)
def test_the_labels_are_those_of_the_votes(form, labels):
    X, _ = make_multilabel()
    assert MultilabelClassifier(MajorityVoteClassifier()).fit(form(X)).classes_.tolist() == labels


def test_labels_give_the_order():
    X, _ = make_multilabel()
    backwards = MultilabelClassifier(QUICK, labels=LABELS[::-1]).fit(as_dict(X))
    expected = MultilabelClassifier(QUICK).fit(as_dict(X)).predict_proba(as_dict(X))
    assert_array_equal(backwards.predict_proba(as_dict(X)), expected[:, ::-1])


def test_a_set_votes_against_the_labels_that_it_does_not_hold():
    X = [[{"a"}, {"a"}, {"a", "b"}], [set(), set(), None], [["b"], ["b"], []]]
    proba = MultilabelClassifier(MajorityVoteClassifier()).fit(X).predict_proba(X)
    assert_allclose(proba, [[1, 1 / 3], [0, 0], [0, 2 / 3]])


def test_lfs_may_differ_between_the_labels():
    X, _ = make_multilabel()
    votes = {"law": X[:, 0, :3], "sports": X[:, 1]}
    assert MultilabelClassifier(QUICK).fit(votes).predict_proba(votes).shape == (300, 2)


def test_predictions_are_of_use_to_scikit_learn():
    X, y = make_multilabel()
    model = MultilabelClassifier(QUICK).fit(X)
    assert f1_score(y, model.predict(X), average="macro") > 0.85
    assert label_ranking_loss(y, model.predict_proba(X)) < 0.1
    assert model.predict(X).dtype.kind == "i"
    assert model.score(X, y) == accuracy_score(y, model.predict(X))


@pytest.mark.parametrize("form", [np.asarray, as_two_levels, as_sets])
def test_cross_validation_takes_rows_of(form):
    X, _ = make_multilabel()
    model = MultilabelClassifier(
        MajorityVoteClassifier(), labels=None if form is np.asarray else LABELS
    )
    expected = model.fit(form(X)).predict(form(X))
    y = np.full(X[:, :, 0].shape, -1)
    assert_array_equal(cross_val_predict(model, form(X), y, cv=3), expected)


def test_parameters_of_the_label_model_can_be_searched():
    X, y = make_multilabel()
    search = GridSearchCV(MultilabelClassifier(QUICK), {"label_model__prec_init": [0.6, 0.8]}, cv=2)
    assert search.fit(X, y).best_params_.keys() == {"label_model__prec_init"}


def test_the_label_model_that_was_given_stays_unfitted():
    given = LabelModelClassifier(n_epochs=1)
    MultilabelClassifier(given).fit(make_multilabel()[0])
    assert not hasattr(given, "classes_")
    assert given.classes is None


def test_a_copy_predicts_the_same():
    X, _ = make_multilabel()
    model = MultilabelClassifier(QUICK).fit(X)
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), model.predict_proba(X))


def test_classes_of_the_label_model_say_which_vote_is_the_label():
    X, _ = make_multilabel()
    words = {label: np.array(["no", "yes", None])[L] for label, L in as_dict(X).items()}
    model = MultilabelClassifier(clone(QUICK).set_params(classes=["no", "yes"])).fit(words)
    expected = MultilabelClassifier(QUICK).fit(as_dict(X))
    assert_allclose(model.predict_proba(words), expected.predict_proba(as_dict(X)), rtol=1e-12)
    assert_array_equal(model.predict(words), expected.predict(as_dict(X)))


# Gold labels --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "convert",
    [
        np.asarray,
        lambda y: np.where(y < 0, np.nan, y),
        lambda y: y.tolist(),
        lambda y: pd.DataFrame(y, columns=LABELS)[LABELS[::-1]],
    ],
)
def test_gold_labels_reach_the_label_models(convert):
    X, y = make_multilabel()
    some = np.where(np.arange(len(y))[:, None] < 50, y, -1)
    some[:, 2] = -1
    model = MultilabelClassifier(QUICK).fit(as_dict(X), convert(some))
    for j, label in enumerate(LABELS):
        own = clone(QUICK).set_params(classes=[0, 1]).fit(X[:, j], some[:, j] if j < 2 else None)
        assert_array_equal(model.label_models_[label].mu_, own.mu_)


@pytest.mark.parametrize(
    "convert",
    [
        lambda y: np.ma.masked_array(np.abs(y), y < 0),
        *(lambda y, kind=kind: _with_na(y).astype(kind) for kind in ("Int64", "boolean", object)),
        lambda y: pa.Table.from_pandas(_with_na(y).astype("Int64")),
    ],
)
def test_gold_labels_that_are_masked_or_missing_are_not_known(convert):
    X, y = make_multilabel(60)
    y[::2, 1] = -1
    model = MultilabelClassifier(QUICK).fit(as_dict(X), y)
    again = MultilabelClassifier(QUICK).fit(as_dict(X), convert(y))
    assert_array_equal(again.predict_proba(as_dict(X)), model.predict_proba(as_dict(X)))


def _with_na(y):
    return pd.DataFrame(np.where(y < 0, pd.NA, y), columns=LABELS)


def test_rows_that_are_not_known_do_not_count_in_the_score():
    X, y = make_multilabel()
    model = MultilabelClassifier(QUICK).fit(X)
    some = y.copy()
    some[100:, 1] = -1
    assert model.score(X, some) == accuracy_score(y[:100], model.predict(X)[:100])
    weight = np.arange(len(y))
    expected = accuracy_score(y[:100], model.predict(X)[:100], sample_weight=weight[:100])
    assert model.score(X, some, sample_weight=weight) == expected
    with pytest.raises(ValueError, match="all labels of no row"):
        model.score(X, np.full(y.shape, -1))


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, 2], "sample_weight.shape"),
        (-np.ones(60), "sample_weight must not be negative"),
        (np.arange(60) >= 30, "nor zero in all rows that count"),
    ],
)
def test_weights_that_do_not_fit_are_told(weight, message):
    X, y = make_multilabel(60)
    y[30:, 0] = -1
    model = MultilabelClassifier(MajorityVoteClassifier()).fit(X)
    with pytest.raises(ValueError, match=message):
        model.score(X, y, sample_weight=weight)


# Messages -----------------------------------------------------------------------------------------


X, Y = make_multilabel(30)


@pytest.mark.parametrize(
    ("votes", "message"),
    [
        ({"law": X[:, 0] * 0.5}, "label 'law': LF 0, row 0: the vote 0.5"),
        ({"law": np.where(X[:, 0] < 0, -1, 3)}, "label 'law': .*the vote 3 is none of the classes"),
        ({"law": X[:, 0], "art": X[1:, 1]}, "label 'law' has votes on 30 rows, label 'art' on 29"),
        ({}, "X holds no label"),
        ([[{"a"}, "a"]], "LF 1, row 0: 'a' is no list or set of labels. X must be a dict"),
        (X[:, 0], "LF 0, row 0: -?[01] is no list or set of labels"),
        ([[{"a"}, {None}]], "LF 1, row 0: the set holds a missing value"),
        ([[{"a"}, {1}]], "mixes labels of unlike kinds"),
        ([[{"a"}], [{"a"}, {"b"}]], "rows of X are of unlike lengths"),
        ([[None, []]], "X names no label"),
        (pd.DataFrame(index=[0, 1]), "X has no column; it needs one for each LF"),
        ([[[["law"]], []]], r"LF 0, row 0: the set holds \['law'\], which is no label. X must be"),
        (np.zeros((1, 2, 3, 4)), "LF 0, row 0: the set holds array"),
        ({np.nan: X[:, 0], "q": X[:, 1]}, "X holds nan in place of a label; name each label by"),
        (as_two_levels(X).rename(columns={"law": np.nan}), "X holds nan in place of a label"),
    ],
)
def test_votes_that_cannot_be_read_are_told(votes, message):
    with pytest.raises(ValueError, match=message):
        MultilabelClassifier().fit(votes)


@pytest.mark.parametrize(
    ("L", "message"),
    [
        (None, "L is a NoneType; pass a row for each record, a column for each LF"),
        ("votes.csv", "L is a str, whose rows are not in memory; pass what is at this path"),
        (pl.LazyFrame({"lf": [1]}), "L is a LazyFrame, whose rows are not in memory; pass L.coll"),
    ],
)
def test_votes_on_a_label_that_are_no_matrix_are_told(L, message):
    with pytest.raises(TypeError, match=f"^label 'art': {message}"):
        MultilabelClassifier().fit({"law": X[:, 0], "art": L})


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 0], "labels holds 0 twice, at 0 and 1; name each label once"),
        ([[0, 1]], r"labels holds \[0, 1\] in place of a label"),
        (np.array([[0, 1]]), "labels is an ndarray; pass a list"),
        ({0, 1, 2}, "labels is a set; pass a list of labels in their order"),
        ([0, None], "labels holds None in place of a label"),
    ],
)
def test_labels_that_are_none_or_there_twice_are_told(labels, message):
    with pytest.raises(ValueError, match=message):
        MultilabelClassifier(labels=labels).fit(X[:, : len(labels)])


@pytest.mark.parametrize("votes", ["text", 3, ["a", "b"]])
def test_what_is_no_table_is_told(votes):
    with pytest.raises(TypeError, match="it must be a dict from label to L"):
        MultilabelClassifier().fit(votes)


@pytest.mark.parametrize(
    ("votes", "message"),
    [
        ({"law": X[:, 0]}, "X lacks 'sports', 'art'."),
        (as_dict(X) | {"more": X[:, 0]}, "X has 'more' besides."),
        (X[:, :2], "X has votes on 2 labels, and there are 3"),
        ([[{"more"}]], "X names 'more', and the labels are 'law', 'sports', 'art'"),
    ],
)
def test_other_labels_than_in_fit_are_an_error(votes, message):
    model = MultilabelClassifier(QUICK).fit(as_dict(X))
    with pytest.raises(ValueError, match=re.escape(message)):
        model.predict(votes)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (Y[:, :2], r"y has shape \(30, 2\); .* 30 and a column for each of the 3 labels"),
        (
            np.where(np.arange(30)[:, None] == 4, 2, Y),
            "y, row 4, label 'law': 2 is neither 1 nor 0",
        ),
        (
            pd.DataFrame(Y, columns=["law", "sports", "arts"]),
            "; y lacks 'art' and has 'arts' besides",
        ),
    ],
)
def test_gold_labels_that_do_not_fit_are_told(y, message):
    with pytest.raises(ValueError, match=message):
        MultilabelClassifier().fit(as_dict(X), y)


BACKWARDS = slice(None, None, -1)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("y", lambda model, X, y: model.fit(X, y.iloc[BACKWARDS])),
        ("y", lambda model, X, y: model.report(X, y.iloc[BACKWARDS])),
        ("y", lambda model, X, y: model.score(X, y.iloc[BACKWARDS])),
        ("sample_weight", lambda model, X, y: model.score(X, y, y["law"].iloc[BACKWARDS])),
        ("X['art']", lambda model, X, y: model.fit(by_label(X))),
        ("X['art']", lambda model, X, y: model.predict(by_label(X))),
    ],
)
def test_rows_in_another_order_are_an_error(name, call):
    rows = [f"row {i}" for i in range(30)]
    votes, y = as_two_levels(X).set_axis(rows), pd.DataFrame(Y, index=rows, columns=LABELS)
    model = MultilabelClassifier(MajorityVoteClassifier()).fit(votes, y)
    with pytest.raises(ValueError, match=re.escape(f"and {name} have the same index in another")):
        call(model, votes, y)


def test_labels_that_begin_alike_have_rows_of_their_own():
    L = as_two_levels(X)["law"]
    with pytest.raises(ValueError, match=r"Pass list\(X.values\(\)\)\[2\].loc\[list"):
        MultilabelClassifier().fit({"x" * 80: L, "x" * 90: L, "x" * 99: L.iloc[BACKWARDS]})


def by_label(frame):
    return {label: frame[label] for label in LABELS} | {"art": frame["art"].iloc[BACKWARDS]}


def test_a_label_has_two_classes():
    with pytest.raises(ValueError, match=r"classes of the label model are \[0, 1, 2\]"):
        MultilabelClassifier(LabelModelClassifier(classes=[0, 1, 2])).fit(X)


def test_a_warning_names_the_labels_once():
    two_lfs = {label: L[:, :2] for label, L in as_dict(X).items()} | {"art": X[:, 2]}
    with pytest.warns(UserWarning, match="accuracies of 2 LFs") as caught:
        MultilabelClassifier(QUICK).fit(two_lfs)
    assert len(caught) == 1
    assert str(caught[0].message).startswith("labels 'law', 'sports': The votes cannot identify")
    assert caught[0].filename == __file__


def test_an_unfitted_model_says_so():
    for method in ("predict", "predict_proba", "report"):
        with pytest.raises(NotFittedError):
            getattr(MultilabelClassifier(), method)(X)
    with pytest.raises(NotFittedError):
        MultilabelClassifier().score(X, Y)


# Report -------------------------------------------------------------------------------------------


def test_one_report_tells_of_all_labels():
    votes, _ = make_multilabel(1000)
    votes[:, 1, 2] = np.where(votes[:, 1, 2] < 0, -1, 1 - votes[:, 1, 2])
    model = MultilabelClassifier().fit(as_two_levels(votes))
    report = model.report(as_two_levels(votes))
    own = model.label_models_["sports"].report(as_two_levels(votes)["sports"])
    assert ("sports", "inverted", 2) in [(label, f.code, f.lf) for label, f in report.findings]
    assert report.lfs.index.tolist() == [(label, lf) for label in LABELS for lf in range(5)]
    pd.testing.assert_frame_equal(report.lfs.loc["sports"], own.lfs)
    lines = str(report).splitlines()
    assert lines[0] == "3 labels"
    assert any(line.startswith("'sports': LabelModelClassifier") for line in lines)
    assert lines[-1] == "nothing found: 'law', 'art'"
    html = report._repr_html_()
    assert html.count("<style>") == 1
    assert html.count("Accuracy and coverage") == 3


@pytest.mark.slow
def test_reports_are_held_against_gold_labels_and_older_votes():
    votes, y = make_multilabel(600)
    model = MultilabelClassifier().fit(votes)
    known = np.where(np.arange(600)[:, None] < 300, y, -1)
    older = model.report(votes[:400])
    report = model.report(votes, known, reference=older, ignore="few-votes")
    for j, label in enumerate(model.classes_):
        own = model.label_models_[label].report(
            votes[:, j], np.where(known[:, j] < 0, None, y[:, j])
        )
        pd.testing.assert_series_equal(report.reports[label].lfs["correct"], own.lfs["correct"])
        assert report.reports[label].drift is not None
        assert [c.code for c in report.reports[label].checks if c.state == "ignored"] == [
            "few-votes"
        ]
    again = model.report(votes, reference=votes[:400]).reports[0].drift
    pd.testing.assert_frame_equal(again, report.reports[0].drift)


@pytest.mark.parametrize("part", ["votes", "report"])
def test_a_reference_on_other_labels_is_refused(part):
    votes, _ = make_multilabel(100)
    model = MultilabelClassifier(QUICK).fit(votes)
    other = MultilabelClassifier(QUICK).fit(votes[:, :2]).report(votes[:, :2])
    with pytest.raises(ValueError, match=r"^reference: "):
        model.report(votes, reference=votes[:, :2] if part == "votes" else other)


# Conventions --------------------------------------------------------------------------------------

# scikit-learn's checks that need no X of two axes, which has no votes on several labels.
CHECKS = [
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_get_params_invariance",
    "check_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_valid_tag_types",
    "check_mixin_order",
    "check_estimators_unfitted",
    "check_param_validation",
]


@pytest.mark.parametrize("name", CHECKS)
def test_scikit_learn_check(name):
    getattr(estimator_checks, name)("MultilabelClassifier", MultilabelClassifier())


def test_every_parameter_has_a_constraint():
    model = MultilabelClassifier()
    assert model._parameter_constraints.keys() == model.get_params().keys()


def test_tags():
    tags = get_tags(MultilabelClassifier())
    assert tags.classifier_tags.multi_label
    assert tags.input_tags.three_d_array
    assert not tags.input_tags.two_d_array
    assert not tags.target_tags.required
