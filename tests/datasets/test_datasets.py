"""Generated, WRENCH and rule-based label matrices."""

import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_labelmodel import LabelModelClassifier
from sklearn_labelmodel.datasets import breast_cancer_rules, load_wrench, make_label_matrix

MANY = 40_000


@pytest.fixture(scope="module")
def generated():
    return make_label_matrix(
        MANY, 8, 3, one_sided=0.5, n_correlated=2, class_balance=[0.5, 0.3, 0.2], random_state=0
    )


# Generated ----------------------------------------------------------------------------------------


def test_votes_follow_the_conditional_probabilities(generated):
    L, y = generated.L, generated.y
    counted = [
        [[np.mean(L[y == c, j] == v) for c in range(3)] for v in (-1, 0, 1, 2)] for j in range(8)
    ]
    assert_allclose(counted, generated.conditional_probs, atol=0.02)


def test_conditional_probabilities_add_up_to_one(generated):
    assert_allclose(generated.conditional_probs.sum(axis=1), 1)


def test_coverages_are_those_of_the_votes(generated):
    assert_allclose((generated.L >= 0).mean(axis=0), generated.coverages, atol=0.01)


def test_accuracies_are_those_of_the_votes(generated):
    L, y = generated.L, generated.y
    measured = [np.mean(L[L[:, j] >= 0, j] == y[L[:, j] >= 0]) for j in range(8)]
    assert_allclose(measured, generated.accuracies, atol=0.02)


def test_class_balance(generated):
    assert_allclose(np.bincount(generated.y) / MANY, [0.5, 0.3, 0.2], atol=0.01)


def test_one_sided_lfs_vote_for_their_class_only(generated):
    assert [sorted({*generated.L[:, j]} - {-1}) for j in range(4)] == [[0], [1], [2], [0]]


def test_copies_are_equal(generated):
    for copy in (6, 7):
        assert_array_equal(generated.L[:, copy], generated.L[:, generated.copied_from[copy]])


def test_noise_on_copies():
    data = make_label_matrix(
        MANY, 2, accuracy=1.0, coverage=0.5, n_correlated=1, copy_noise=0.4, random_state=0
    )
    # A cell voted independently abstains as the other one does in half of the rows.
    assert_allclose(np.mean(data.L[:, 0] == data.L[:, 1]), 0.6 + 0.4 * 0.5, atol=0.01)


def test_the_accuracy_asked_for():
    data = make_label_matrix(10, 3, accuracy=[0.6, 0.7, 0.8], coverage=0.5, random_state=0)
    assert_allclose(data.accuracies, [0.6, 0.7, 0.8])
    assert_allclose(data.coverages, 0.5)


def test_a_range_of_accuracies():
    accuracies = make_label_matrix(10, 200, accuracy=(0.6, 0.7), random_state=0).accuracies
    assert accuracies.min() >= 0.6
    assert accuracies.max() <= 0.7


def test_one_sided_coverage_gives_way_to_accuracy():
    data = make_label_matrix(10, 1, 10, accuracy=0.8, coverage=0.9, one_sided=True, random_state=0)
    assert_allclose(data.accuracies, 0.8)
    assert_allclose(data.coverages, 0.125)


def test_same_seed_same_votes():
    first, second = (make_label_matrix(50, random_state=3).L for _ in range(2))
    assert_array_equal(first, second)


def test_a_matrix_without_seed_leaves_the_global_generator_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first, second = (make_label_matrix(50).L for _ in range(2))
    assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    assert not np.array_equal(first, second)


def test_a_matrix_is_drawn_from_a_random_state_instance():
    generator = np.random.RandomState(3)
    first, second = (make_label_matrix(50, random_state=generator).L for _ in range(2))
    assert_array_equal(first, make_label_matrix(50, random_state=3).L)
    assert not np.array_equal(first, second)


def test_as_frame():
    frame = make_label_matrix(5, 2, as_frame=True, random_state=0).L
    assert frame.columns.tolist() == ["lf_0", "lf_1"]


def test_a_label_model_finds_the_truth_again():
    data = make_label_matrix(MANY, 8, accuracy=(0.6, 0.9), coverage=0.6, random_state=0)
    model = LabelModelClassifier(n_epochs=2000, lr=0.1).fit(data.L)
    assert_allclose(model.lf_accuracies_, data.accuracies, atol=0.03)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_classes": 1}, "n_classes is 1"),
        ({"n_correlated": 10}, "an LF to copy"),
        ({"accuracy": 1.2}, "accuracy is"),
        ({"coverage": 0.0}, "every LF must vote sometimes"),
        ({"accuracy": [0.5, 0.5, 0.5]}, "each of the 10 LFs"),
        ({"class_balance": [0.5, 0.6]}, "add up to 1"),
        ({"one_sided": 2}, "one_sided is 2"),
    ],
)
def test_impossible_votes(params, message):
    with pytest.raises(ValueError, match=message):
        make_label_matrix(**params)


# WRENCH -------------------------------------------------------------------------------------------

RECORDS = {
    "0": {"label": 1, "weak_labels": [1, -1, 1], "data": {"text": "win"}},
    "7": {"label": None, "weak_labels": [0, 0, -1], "data": {"text": "hello"}},
}


@pytest.fixture
def wrench(tmp_path):
    """Write a folder with these records, and give its path."""

    def write(records=RECORDS, classes=("ham", "spam")):
        names = {str(i): name for i, name in enumerate(classes)}
        (tmp_path / "label.json").write_text(json.dumps(names))
        (tmp_path / "train.json").write_text(json.dumps(records))
        return tmp_path

    return write


def test_wrench(wrench):
    data = load_wrench(wrench())
    assert data.L.tolist() == [[1, -1, 1], [0, 0, -1]]
    assert data.y.tolist() == [1, -1]
    assert data.target_names == ["ham", "spam"]
    pd.testing.assert_frame_equal(
        data.X, pd.DataFrame({"text": ["win", "hello"]}, index=pd.Index(["0", "7"], name="id"))
    )


def test_wrench_split_that_is_not_there(wrench):
    with pytest.raises(FileNotFoundError, match=r"test\.json is no file.*label\.json, train\.json"):
        load_wrench(wrench(), "test")


def test_wrench_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="is no folder"):
        load_wrench(tmp_path / "youtube")


def test_wrench_file_that_is_no_json(wrench):
    folder = wrench()
    (folder / "train.json").write_text('{"0": ')
    with pytest.raises(ValueError, match=r"train\.json: no valid JSON .*line 1"):
        load_wrench(folder)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"label": 0, "weak_labels": [0, 1], "data": {}}, "'8' has 2 weak_labels"),
        ({"label": 0, "weak_labels": [0, 5, 1], "data": {}}, "'8', LF 1: the vote 5"),
        ({"label": 0, "weak_labels": [0, "1", 1], "data": {}}, "'8', LF 1: the vote '1'"),
        ({"label": 2, "weak_labels": [0, 1, 1], "data": {}}, "'8': the label 2"),
        ({"label": 0, "data": {}}, "'8' lacks 'weak_labels'"),
        ({"label": [0], "weak_labels": [[0]], "data": {}}, "Sequence tagging"),
        ([0], "'8' is a list"),
    ],
)
def test_wrench_records_that_cannot_be(wrench, record, message):
    with pytest.raises(ValueError, match=message):
        load_wrench(wrench(RECORDS | {"8": record}))


def test_wrench_without_class_names(wrench):
    folder = wrench()
    (folder / "label.json").write_text('["ham", "spam"]')
    with pytest.raises(ValueError, match=r"label\.json: expected a JSON object"):
        load_wrench(folder)


# Rules --------------------------------------------------------------------------------------------


def test_every_rule_is_one_sided_and_better_than_chance():
    data = breast_cancer_rules()
    for name, votes in data.L.items():
        voted = votes >= 0
        assert votes[voted].nunique() == 1, name
        assert (votes[voted] == data.y[voted]).mean() > 0.6, name


def test_rules_say_what_they_do():
    data = breast_cancer_rules()
    assert list(data.rules) == data.L.columns.tolist()
    assert data.L.shape == (len(data.y), len(data.rules)) == (len(data.X), 12)
