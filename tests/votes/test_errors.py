"""Every error says where the fault is and what to do."""

import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
import torch
from helpers import fitted_state, make_votes
from numpy.testing import assert_array_equal
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.utils._param_validation import InvalidParameterError

from sklearn_labelmodel import DawidSkeneClassifier, LabelModelClassifier, MajorityVoteClassifier

VOTES = [[0, 1, 1], [1, 1, -1], [0, 0, 1], [-1, 0, 0]]
SCORES = np.linspace(0.01, 0.99, 60).reshape(20, 3)


def fit(L=VOTES, y=None, **parameters):
    return LabelModelClassifier(**parameters).fit(L, y)


def refuses(message, L=VOTES, y=None, error=ValueError, **parameters):
    """Assert that fit raises with this message (a regular expression) and stays unfitted."""
    model = LabelModelClassifier(**parameters)
    before = dict(vars(model))
    with pytest.raises(error, match=message):
        model.fit(L, y)
    assert vars(model) == before


# Label matrix -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "container", [np.array, pd.DataFrame, sp.csr_array, sp.csc_array], ids=lambda c: c.__name__
)
def test_continuous_scores(container):
    refuses(
        r"LF '?0'?, row 0: the vote 0\.01.* is not a class label.*Threshold it first",
        container(SCORES),
    )


def test_continuous_scores_in_polars():
    frame = pl.DataFrame({"a": [0, 1, 1], "score": [0.25, 0.5, 0.125]})
    refuses(r"LF 'score', row 0: the vote 0\.25 .*continuous score \(distinct", frame)


def test_continuous_scores_beside_gold_labels():
    scores = np.linspace(0.01, 0.99, 33)
    L = np.column_stack([np.arange(33) % 2, scores, scores])
    refuses(
        r"LF 1, row 0: the vote 0\.01 .*\(distinct fractional values: 33\)", L, np.arange(33) % 2
    )


def test_fractional_votes_without_gold_labels():
    refuses(r"LF 1, row 2: the vote 0\.5 is not a class label", [[0, 1], [1, 0], [1, 0.5]])


def test_fractional_votes_beside_a_y_without_labels():
    refuses(r"LF 1, row 2: the vote 0\.5", [[0, 1], [1, 0], [1, 0.5]], [-1, -1, -1])


@pytest.mark.parametrize("infinity", [np.inf, -np.inf])
@pytest.mark.parametrize(
    "container", [np.array, list, pd.DataFrame, sp.csr_array], ids=lambda c: c.__name__
)
def test_infinity(container, infinity):
    L = container(np.array([[0, 1, 1], [1, 1, infinity]]))
    with pytest.raises(ValueError, match=r"LF '?2'?, row 1: the vote is infinity.*missing value"):
        fit(L, [0, 1])


def test_infinity_in_predict():
    with pytest.raises(ValueError, match="LF 1, row 0: the vote is infinity"):
        fit().predict([[0, np.inf, 1]])


@pytest.mark.parametrize("container", [np.array, sp.csr_array], ids=["array", "csr"])
def test_unknown_vote_with_classes(container):
    refuses(
        r"LF 2, row 1: the vote 7 is none of the classes \[0, 1\]. Correct it, add it to `classes`",
        container(np.array([[0, 1, 1], [1, 1, 7], [7, 1, 1]])),
        classes=[0, 1],
    )


def test_unknown_vote_names_the_lf():
    frame = pd.DataFrame({"who": ["ham", None], "word": ["ham", "ham"], "length": ["ham", "eggs"]})
    refuses(r"LF 'length', row 1: the vote 'eggs' is none", frame, classes=["ham", "spam"])


def test_unknown_vote_in_predict():
    with pytest.raises(
        ValueError, match=r"LF 1, row 0: the vote 7 is none of the classes \[0, 1\]"
    ):
        fit(classes=[0, 1]).predict([[0, 7, 1]])


@pytest.mark.parametrize(
    ("value", "abstain"),
    [(-1, -1), (0, 0), (np.nan, -1), (None, -1), (None, None), ("", ""), (np.nan, 0)],
)
def test_all_abstain(value, abstain):
    message = "L holds no vote: every cell .* Check the parameter `abstain`"
    refuses(message, [[value] * 3] * 2, abstain=abstain)


def test_all_abstain_in_a_sparse_matrix():
    refuses("L holds no vote", sp.csr_array((5, 3)))


@pytest.mark.parametrize(
    "container", [np.array, pd.DataFrame, sp.csr_array], ids=lambda c: c.__name__
)
def test_no_rows(container):
    refuses(r"0 sample\(s\) \(shape=\(0, 3\)\)", container(np.empty((0, 3))))


@pytest.mark.parametrize(
    "container", [np.array, pd.DataFrame, sp.csr_array], ids=lambda c: c.__name__
)
def test_no_lfs(container):
    refuses(r"0 feature\(s\) \(shape=\(4, 0\)\)", container(np.empty((4, 0))))


@pytest.mark.parametrize(
    "L", [[0, 1, 1], np.array([0, 1]), pd.Series([0, 1])], ids=["list", "array", "series"]
)
def test_one_dimension(L):
    refuses("Expected 2D array, got 1D array|Expected a 2-dimensional container", L)


def test_three_dimensions():
    refuses("dim 3|3D array", np.zeros((2, 2, 2)))


@pytest.mark.parametrize(
    "cell", [{"a": 1}, [1], (1, 2), object()], ids=lambda cell: type(cell).__name__
)
def test_cells_that_are_no_votes(cell):
    L = np.array(VOTES, dtype=object)
    L[2, 1] = cell
    message = r"LF 1, row 2: .* the argument must be a string or a number"
    refuses(message, L, error=TypeError)
    refuses(r"LF '?1'?, row 2: .* must be a string", pd.DataFrame(L), error=TypeError)


def test_dates_are_no_votes():
    dates = pd.DataFrame({"a": [0, 1], "b": pd.to_datetime(["2020-01-01", "2020-01-02"])})
    refuses(
        r"LF 'b', row 0: the vote .* is a Timestamp; the argument must be", dates, error=TypeError
    )
    refuses("Votes are numbers, booleans or strings", dates[["b"]].to_numpy(), error=TypeError)


def test_complex_numbers_are_no_votes():
    refuses("Complex data not supported", np.ones((3, 3)) * 1j)


@pytest.mark.parametrize("container", [list, np.array, pd.DataFrame], ids=lambda c: c.__name__)
def test_numbers_mixed_with_strings(container):
    L = (
        container([[0, "a"], [1, "b"]])
        if container is not np.array
        else np.array([[0, "a"]], dtype=object)
    )
    refuses(
        r"Votes are all numbers or all strings, not both \(LF '?0'?, row 0: 0; LF '?1'?, row 0: 'a'\)",
        L,
    )


# Gold labels --------------------------------------------------------------------------------------


def test_wrong_length_of_y():
    refuses(
        r"inconsistent numbers of samples: L has 4 rows, y has 3 labels. Mark rows", y=[0, 1, 0]
    )


def test_wrong_length_of_y_in_score():
    with pytest.raises(ValueError, match="L has 4 rows, y has 3 labels"):
        fit().score(VOTES, [0, 1, 0])


def test_continuous_y():
    refuses("Unknown label type: .*continuous", y=[0.5, 0.1, 0.7, 0.2])


def test_infinite_y():
    refuses("Input y contains infinity", y=[0, 1, np.inf, 1])


def test_y_that_mixes_numbers_with_strings():
    refuses("y mixes numbers with strings; write every class label in one way", y=[0, 1, "a", None])


def test_y_of_two_columns():
    refuses(r"y should be a 1d array, got an array of shape \(4, 2\)", y=np.zeros((4, 2)))


def test_gold_label_that_is_no_class():
    refuses(
        r"y, row 2: the gold label 3 is none of the classes \[0, 1\]. Correct it or add it",
        y=[0, 1, 3, -1],
        classes=[0, 1],
    )


@pytest.mark.parametrize("weight", [[1, 1, 1, 1], [0, 0, 1, 1], [0, 2, 0.5, 0]])
def test_gold_labels_outside_given_classes_are_told_with_their_row_whatever_rows_weigh_nothing(
    weight,
):
    with pytest.raises(ValueError, match="y, row 2: the gold label 3 is none of the classes"):
        LabelModelClassifier(classes=[0, 1]).fit(VOTES, [0, 1, 3, -1], sample_weight=weight)


@pytest.mark.parametrize("y", [["a", "b", None, None], ["a", None, None, None]], ids=["two", "one"])
@pytest.mark.parametrize(
    "L", [VOTES, [[1, 1, 1]] * 4, [[1.0, np.nan, 1.0]] * 4], ids=["two", "one", "nan"]
)
def test_votes_that_are_numbers_against_labels_that_are_strings(L, y):
    refuses(r"The votes \(such as 1\) and the labels \(such as 'a'\) are of unlike kinds", L, y)


@pytest.mark.parametrize("votes", [["a", "b"], ["a", "a"]], ids=["two", "one"])
def test_votes_that_are_strings_against_labels_that_are_numbers(votes):
    L = [[votes[0], votes[1], None], [votes[1], None, votes[0]], [votes[0]] * 3]
    refuses(
        r"The votes \(such as '.'\) and the labels \(such as 0\) are of unlike kinds", L, [0, 1, -1]
    )


@pytest.mark.parametrize("L", [[["a", "b", "a"]], [["a", "a", "a"]], [["a", None, None]]], ids=str)
def test_votes_of_another_kind_in_predict(L):
    with pytest.raises(ValueError, match="are of unlike kinds"):
        fit().predict(L)


# Classes and class prior ---------------------------------------------------------------------------


def test_no_class():
    refuses("`classes` is empty; name at least one class", classes=[])


def test_a_class_named_twice():
    refuses("`classes` names 1 more than once", classes=[0, 1, 1])


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA], ids=str)
def test_a_missing_class(missing):
    refuses("`classes` holds a missing value, which means abstain", classes=[0, 1, missing])


def test_classes_of_two_kinds():
    refuses("`classes` mixes numbers with strings", classes=[0, "a", 1])


def test_a_class_that_is_the_abstain_marker():
    refuses("`classes` holds -1, which is the abstain marker. Leave it out", classes=[-1, 0, 1])


def test_classes_in_two_dimensions():
    refuses("no flat list of classes", classes=np.array([[0, 1], [2, 3]]))


@pytest.mark.parametrize("balance", [[0.5, 0.6], {0: 0.5, 1: 0.6}, (0.7, 0.4)], ids=str)
def test_prior_that_does_not_sum_to_one(balance):
    refuses(
        r"class_balance sums to 1\.1, not 1; divide the shares by their sum", class_balance=balance
    )


@pytest.mark.parametrize("balance", [[1.0], [0.2, 0.3, 0.5], [[0.5, 0.5]]], ids=str)
def test_prior_of_wrong_length(balance):
    refuses(
        r"class_balance has shape \(.*\); it needs one share for each of the 2 classes \[0, 1\]",
        class_balance=balance,
    )


def test_prior_of_an_unknown_class():
    refuses(
        r"class_balance names 2, which is none of the classes \[0, 1\]",
        class_balance={0: 0.5, 1: 0.3, 2: 0.2},
    )


def test_prior_without_a_class():
    refuses(r"class_balance lacks 1, which is one of the classes \[0, 1\]", class_balance={0: 1.0})


@pytest.mark.parametrize("share", [-0.5, np.nan, np.inf])
def test_prior_that_is_negative_or_not_finite(share):
    refuses("class_balance has a negative or not finite share", class_balance=[1.5, share])


@pytest.mark.parametrize("balance", [[1.0, 0.0], {0: 1.0, 1: 0.0}], ids=str)
def test_prior_of_zero(balance):
    refuses(
        "The class 1 has prior 0 in class_balance. Give it a small positive", class_balance=balance
    )


def test_prior_of_zero_among_the_gold_labels():
    refuses(
        "The class 1 has prior 0 among the gold labels. Give it a small positive share with",
        y=[0, 0, -1, -1],
        classes=[0, 1],
        gold="prior",
    )


# Settings -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prec_init", "shape"), [([0.7, 0.7], r"\(2,\)"), ([[0.7] * 3], r"\(1, 3\)")]
)
def test_wrong_shape_of_prec_init(prec_init, shape):
    refuses(
        f"prec_init has shape {shape}; it must be one number, or one for each of the 3 LFs",
        prec_init=prec_init,
    )


@pytest.mark.parametrize("value", [1.5, -0.1, np.nan])
def test_prec_init_outside_its_range(value):
    refuses(
        rf"prec_init of LF 1 is {value}; a precision is in \[0, 1\]", prec_init=[0.7, value, 0.7]
    )
    refuses("The 'prec_init' parameter of LabelModelClassifier must be", prec_init=value)


@pytest.mark.parametrize("optimizer", ["rmsprop", "SGD", dict, torch.nn.Linear], ids=str)
def test_unknown_optimizer(optimizer):
    refuses(
        r"optimizer=.* is unknown; use one of \['adam', 'adamax', 'sgd'\] or a subclass of torch",
        optimizer=optimizer,
    )


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamax"])
def test_unknown_optimizer_params(optimizer):
    refuses(
        "optimizer_params do not suit .*unexpected keyword argument 'moment'",
        optimizer=optimizer,
        optimizer_params={"moment": 0.9},
    )


def test_unknown_lr_scheduler():
    refuses(
        "'lr_scheduler' parameter of LabelModelClassifier must be a str among",
        lr_scheduler="cosine",
    )


def test_unknown_lr_scheduler_params():
    refuses(
        r"lr_scheduler_params has the unknown key 'gama'; known are \['gamma', 'min_lr', 'step_size', ",
        lr_scheduler="step",
        lr_scheduler_params={"gama": 0.5},
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("gamma", 0),
        ("step_size", 0),
        ("min_lr", -1.0),
        ("warmup_steps", -2),
        ("warmup_percentage", 1.5),
        ("gamma", np.nan),
    ],
)
def test_lr_scheduler_params_out_of_range(key, value):
    refuses(
        rf"lr_scheduler_params\['{key}'\] = {value} is out of its range",
        lr_scheduler_params={key: value},
    )


@pytest.mark.parametrize("device", ["cuda:99", "cuda:-1", "junk", "meta", "xla", "cpu:x"])
def test_devices_that_are_not_there(device):
    refuses(rf"device='{device}' is (not there|not a device|not supported)", device=device)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_where_it_is_not():
    refuses(
        r"device='cuda' is not there: this torch .* sees 0 CUDA devices. Use device='cpu'",
        device="cuda",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_epochs", -1),
        ("n_epochs", 1.5),
        ("lr", 0),
        ("l2", -0.1),
        ("init", "random"),
        ("mu_eps", 0.5),
        ("mu_eps", 0),
        ("gold", "use"),
        ("tol", -1e-3),
        ("log_freq", 0),
        ("verbose", -1),
        ("class_balance", "uniform"),
        ("optimizer_params", [0.9]),
        ("lr_scheduler_params", "gamma"),
        ("device", 0),
    ],
)
def test_parameters_outside_their_constraints(name, value):
    message = f"The {name!r} parameter of LabelModelClassifier must be"
    refuses(message, error=InvalidParameterError, **{name: value})


# Divergence and failed fits --------------------------------------------------------------------------


def test_divergence_says_at_which_epoch_and_what_to_lower():
    refuses(
        r"The loss is (inf|nan) at epoch \d+: training diverged. Lower lr \(it is 1e\+08\)",
        lr=1e8,
        error=FloatingPointError,
    )


def test_divergence_in_the_last_epoch_is_noticed():
    diverges_at = fails_at_epoch(n_epochs=100)
    assert fails_at_epoch(n_epochs=diverges_at) == diverges_at
    with pytest.warns(ConvergenceWarning, match="the loss rose"):
        model = LabelModelClassifier(lr=1e8, n_epochs=diverges_at - 1).fit(VOTES)
    assert model.n_iter_ == diverges_at - 1


def fails_at_epoch(n_epochs):
    with pytest.raises(FloatingPointError) as error:
        LabelModelClassifier(lr=1e8, n_epochs=n_epochs).fit(VOTES)
    return int(str(error.value).split("epoch ")[1].split(":")[0])


def test_divergence_with_tol_warns_of_nothing_else():
    refuses("training diverged", lr=1e8, tol=1e-4, error=FloatingPointError)


FAILURES = {
    "divergence": ({"lr": 1e8}, [[0, 1, 1, 0]] * 3, FloatingPointError),
    "votes": ({}, [[0, 1, 0.5, 1]] * 3, ValueError),
    "parameter": ({"class_balance": [0.5, 0.4]}, [[0, 1, 1, 0]] * 3, ValueError),
    "constraint": ({"lr": -1}, [[0, 1, 1, 0]] * 3, ValueError),
    "names": ({}, pd.DataFrame([[{}, 1, 1, 0]], columns=list("abcd")), TypeError),
}


@pytest.mark.parametrize(("parameters", "L", "error"), FAILURES.values(), ids=FAILURES.keys())
def test_a_failed_fit_leaves_the_fitted_estimator_as_it_was(parameters, L, error):
    model = fit()
    before, proba = fitted_state(model), model.predict_proba(VOTES)
    with pytest.raises(error):
        model.set_params(**parameters).fit(L)
    after = fitted_state(model)
    assert after.keys() == before.keys()
    for name, value in before.items():
        assert_array_equal(after[name], value)
    assert model.n_features_in_ == 3
    assert_array_equal(model.predict_proba(VOTES), proba)


def test_a_warning_made_an_error_leaves_no_half_fitted_estimator():
    model = LabelModelClassifier(tol=0.0, n_epochs=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(Warning, match="tol"):
            model.fit(VOTES)
    assert not hasattr(model, "n_features_in_")
    with pytest.raises(NotFittedError):
        model.predict(VOTES)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba", "score"])
def test_not_fitted(method):
    with pytest.raises(
        NotFittedError, match="This LabelModelClassifier instance is not fitted yet"
    ):
        getattr(LabelModelClassifier(), method)(VOTES)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "score"])
def test_wrong_number_of_lfs(method):
    with pytest.raises(
        ValueError, match="X has 2 features, but LabelModelClassifier is expecting 3"
    ):
        getattr(fit(), method)([[0, 1]])


def test_a_column_too_many_is_told_before_what_it_holds():
    L = [[0, 1, 1], [1, 1, 0], [0, 0, 0]]
    model = LabelModelClassifier(classes=[0, 1]).fit(L)
    with pytest.raises(ValueError, match="X has 4 features, but LabelModelClassifier"):
        model.predict(np.column_stack([L, [7, 8, 9]]))


def test_ragged_lists():
    refuses("Row 1 of L holds 2 votes and row 0 holds 3", [[0, 1, 1], [0, 1]])


def test_errors_of_wrong_votes_come_with_the_lf_of_many_columns():
    frame = pd.DataFrame(np.zeros((3, 4), dtype=int), columns=["a", "b", "c", "d"])
    frame["c"] = [0.0, 1.0, 0.3]
    refuses(r"LF 'c', row 2: the vote 0\.3", frame)


# Columns that are no votes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "column",
    [[f"customer {row}" for row in range(300)], range(300)],
    ids=["strings", "numbers"],
)
def test_an_identifier_is_no_vote(column):
    votes = ["ham", "spam"] if isinstance(column, list) else [0, 1]
    L = pd.DataFrame({"a": votes * 150, "customer": column, "b": votes[:1] * 300})
    for model in (LabelModelClassifier(), DawidSkeneClassifier(), MajorityVoteClassifier()):
        with pytest.raises(ValueError, match="LF 'customer' casts 300 different votes in 300 rows"):
            model.fit(L)


@pytest.mark.parametrize("n_rows", [60, 100, 2000])
def test_an_identifier_of_a_few_rows_is_no_vote(n_rows):
    L = pd.DataFrame(make_votes(n_rows, 4)[0], columns=list("abcd"))
    L["day"] = 20260100 + np.arange(n_rows) // 2
    for model in (LabelModelClassifier(), DawidSkeneClassifier(), MajorityVoteClassifier()):
        with pytest.raises(ValueError, match=rf"LF 'day' casts {n_rows // 2} different votes"):
            model.fit(L)


# Rows, different votes of an LF, and those of them that another LF casts too.
HARDLY_VOTES = {
    "most of all rows": [(300, 240, 240), (300, 241, 241)],
    "many, though of few rows": [(240, 200, 200), (240, 201, 201)],
    "its own": [(100, 20, 0), (100, 21, 0)],
    "its own, of many rows": [(300, 30, 0), (300, 31, 0)],
    "nearly all its own": [(100, 40, 2), (100, 40, 1)],
}


@pytest.mark.parametrize(("few", "many"), HARDLY_VOTES.values(), ids=HARDLY_VOTES)
def test_how_many_different_votes_make_an_identifier(few, many):
    def votes(n_rows, n_different, n_shared):
        row = np.arange(n_rows)
        others = row % n_shared if n_shared else 0 * row + 1000
        return np.column_stack([row % n_different, others, others])

    MajorityVoteClassifier().fit(votes(*few))
    with pytest.raises(ValueError, match=f"LF 0 casts {many[1]} different votes in {many[0]} rows"):
        MajorityVoteClassifier().fit(votes(*many))


def test_a_table_with_a_row_for_each_vote_is_sent_to_votes_from_long():
    long = pd.DataFrame(
        {
            "task": np.repeat([f"task {i}" for i in range(200)], 3),
            "worker": np.tile(["ann", "bob", "cat"], 200),
            "label": np.tile(["ham", "spam"], 300),
        }
    )
    with pytest.raises(ValueError, match=r"LF 'task' casts 200 .*votes_from_long does it"):
        LabelModelClassifier().fit(long)
    wide = long.pivot(index="task", columns="worker", values="label")
    assert set(LabelModelClassifier().fit(wide).predict(wide)) == {"ham", "spam"}


# Values that are hardly classes -------------------------------------------------------------------

WORDS = np.array(["ham", "spam"], dtype=object)
VOTES_OF_TWO = make_votes(60, 4, coverage=1.0)[0]
WORD_VOTES = pd.DataFrame(WORDS[VOTES_OF_TWO], columns=list("abcd"))


@pytest.mark.parametrize("mark", ["", " ", "n/a", "NaN", "None", "-1", "?", "Abstain"])
def test_a_word_for_no_vote_that_counts_as_a_class_warns(mark):
    L = WORD_VOTES.copy()
    L.loc[3:5, "b"] = mark
    model = LabelModelClassifier(abstain=None)
    with pytest.warns(
        UserWarning, match=rf"^{re.escape(repr(mark))} \(in LF 'b'\) counts as a class"
    ):
        assert mark in model.fit(L).classes_
    assert mark not in model.set_params(abstain=mark).fit(L).classes_


def test_a_word_for_no_label_that_counts_as_a_class_warns():
    y = np.where(np.arange(len(WORD_VOTES)) < 10, WORDS[VOTES_OF_TWO[:, 0]], "")
    with pytest.warns(UserWarning, match=r"'' \(in y\) .* mark rows without a label by None"):
        LabelModelClassifier().fit(WORD_VOTES, np.append(y[1:], None))


def test_minus_one_marks_rows_without_a_label_among_strings_too():
    labels = WORDS[VOTES_OF_TWO[:, 0]]
    marked = np.where(np.arange(len(labels)) < 10, labels, "-1")
    missing = np.where(np.arange(len(labels)) < 10, labels, None)
    models = [LabelModelClassifier().fit(WORD_VOTES, y) for y in (marked, missing)]
    assert models[0].classes_.tolist() == ["ham", "spam"]
    assert_array_equal(models[0].mu_, models[1].mu_)


def test_classes_that_differ_in_spelling_only_warn():
    L = WORD_VOTES.replace({"c": {"spam": "Spam "}})
    for model in (LabelModelClassifier(), DawidSkeneClassifier(), MajorityVoteClassifier()):
        with pytest.warns(UserWarning, match=r"'Spam ' and 'spam' differ in case or blanks only"):
            model.fit(L)
    LabelModelClassifier(classes=["ham", "spam", "Spam "]).fit(L)


def test_a_class_balance_names_the_classes_that_no_lf_votes_for():
    L = np.where(make_votes(80, 4)[0] == 1, "fraud", None)
    shares = {"ok": 0.9, "fraud": 0.1}
    for model in (LabelModelClassifier(), DawidSkeneClassifier(), MajorityVoteClassifier()):
        model.set_params(class_balance=shares).fit(L)
        assert model.classes_.tolist() == ["fraud", "ok"]
        assert_array_equal(model.class_prior_, [0.1, 0.9])
    refuses("class_balance names 'ok', which is none", L, class_balance={"ok": 0.9, "fruad": 0.1})


def test_gold_labels_of_one_class_warn():
    L, y = make_votes(300)
    gold = np.where((y == 1) & (np.arange(300) < 60), 1.0, np.nan)
    for model in (LabelModelClassifier(), DawidSkeneClassifier()):
        with pytest.warns(UserWarning, match=r"All \d+ gold labels are 1.* drawn at random"):
            model.fit(L, gold)
        model.set_params(class_balance=[0.5, 0.5]).fit(L, gold)
    LabelModelClassifier(gold="ignore").fit(L, gold)
    LabelModelClassifier(classes=[0, 1]).fit(L, gold)


def test_fewer_than_ten_gold_labels_may_be_of_one_class_by_chance(binary):
    L, y = binary
    gold = np.full(len(y), np.nan)
    gold[np.flatnonzero(y == 1)[:9]] = 1
    LabelModelClassifier().fit(L, gold)
    gold[np.flatnonzero(y == 1)[9]] = 1
    with pytest.warns(UserWarning, match="All 10 gold labels are 1"):
        LabelModelClassifier().fit(L, gold)


def test_a_few_fractional_votes_are_no_identifier():
    L, y = make_votes(100, 3)
    L = np.column_stack([L, np.arange(100) % 31 / 10 + 0.05])
    with pytest.warns(UserWarning, match="is fractional"):
        assert (
            LabelModelClassifier().fit(L, np.where(np.arange(100) < 50, y, -1)).n_features_in_ == 4
        )


def test_many_classes_are_no_identifier():
    L = np.random.default_rng(0).integers(0, 400, (600, 3))
    assert len(MajorityVoteClassifier().fit(L).classes_) > 200
