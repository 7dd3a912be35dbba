"""The quality benchmark on a small generated folder, without the peers."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_labelmodel.datasets import make_label_matrix

ROOT = Path(__file__).resolve().parents[2]
if not (ROOT / "benchmarks").is_dir():
    pytest.skip("the benchmarks are in the checkout only", allow_module_level=True)
sys.path.append(str(ROOT))  # last: the installed package goes first

from benchmarks.quality import methods as quality_methods  # noqa: E402
from benchmarks.quality import metrics  # noqa: E402
from benchmarks.quality import run as quality  # noqa: E402
from benchmarks.quality import worker as quality_worker  # noqa: E402
from benchmarks.quality.answers import PeerRunner, question_for  # noqa: E402
from benchmarks.quality.methods import (  # noqa: E402
    BASELINE,
    DEFAULT,
    GOLD,
    Ranking,
    Result,
    SetScorer,
)
from benchmarks.quality.report import rst_table, set_table  # noqa: E402
from benchmarks.quality.sets import RealSet, Rows, read_sets  # noqa: E402
from benchmarks.quality.summary import Report, quality_goals  # noqa: E402


def rows_of(n_samples, seed, gold=True):
    made = make_label_matrix(n_samples, 5, coverage=0.5, random_state=seed)
    return Rows(made.L, made.y if gold else np.full(n_samples, -1))


def arrays_of(**splits):
    """What a file holds: votes and labels of each split."""
    arrays = {"class_names": np.array(["no", "yes"])}
    for split, rows in splits.items():
        arrays |= {f"L_{split}": rows.L.astype(np.int8), f"y_{split}": rows.y.astype(np.int16)}
    return arrays


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("sets")
    crowd = arrays_of(train=rows_of(120, 0))
    crowd["y_train"][:10] = -1
    np.savez(path / "crowd.npz", **crowd)
    np.savez(path / "no_gold.npz", **arrays_of(train=rows_of(20, 0, gold=False)))
    np.savez(path / "crowd_text.npz", text_train=np.array(["some text"]))
    wrench = path / "folder"
    wrench.mkdir()
    (wrench / "label.json").write_text(json.dumps({"0": "no", "1": "yes"}))
    for split, n_samples in {"train": 80, "valid": 20, "test": 30}.items():
        rows = rows_of(n_samples, n_samples)
        records = {
            str(i): {"label": int(y), "weak_labels": votes.tolist(), "data": {}}
            for i, (votes, y) in enumerate(zip(rows.L, rows.y, strict=True))
        }
        (wrench / f"{split}.json").write_text(json.dumps(records))
    return path


@pytest.fixture(scope="module")
def sets(folder):
    return {data.name: data for data in read_sets(folder)[0]}


# Sets ---------------------------------------------------------------------------------------------


def test_files_and_wrench_folders_are_read(sets):
    assert list(sets) == ["crowd", "folder"]


def test_set_without_gold_labels_is_named(folder):
    assert read_sets(folder)[1] == {"no_gold": "no split has gold labels"}


def test_unknown_set_is_an_error(folder):
    with pytest.raises(ValueError, match="no set nothing; there are: crowd"):
        read_sets(folder, ["nothing"])


def test_a_single_wrench_folder_is_a_set(folder):
    assert [data.name for data in read_sets(folder / "folder")[0]] == ["folder"]


def test_fitted_is_the_first_split_and_scored_the_last(sets):
    assert (sets["folder"].fit_split, sets["folder"].scored_split) == ("train", "test")


def test_only_rows_with_gold_are_scored(sets):
    assert len(sets["crowd"].fit_rows.y) == 120
    assert len(sets["crowd"].scored.y) == 110


def test_split_without_gold_is_not_scored():
    splits = {"train": rows_of(20, 0, gold=False), "valid": rows_of(10, 1)}
    data = RealSet("x", 2, splits | {"test": rows_of(10, 2, gold=False)})
    assert data.scored_split == "valid"


def test_class_prior_is_positive_where_a_class_is_absent():
    data = RealSet("x", 3, {"train": Rows(np.zeros((4, 1), int), np.array([0, 0, 0, 1]))})
    assert_allclose(data.class_prior, np.array([3, 1, 0.5]) / 4.5)


def test_class_prior_is_that_of_the_fitted_rows():
    ones, halves = np.ones(8, int), np.arange(8) % 2
    votes = np.zeros((8, 1), int)
    splits = {"train": Rows(votes, halves), "test": Rows(votes, ones)}
    assert_allclose(RealSet("x", 2, splits).class_prior, [0.5, 0.5])
    splits["train"] = Rows(votes, -ones)
    assert_allclose(RealSet("x", 2, splits).class_prior, np.array([0.5, 8]) / 8.5)


# Gold rows ----------------------------------------------------------------------------------------


def test_gold_rows_come_from_the_fitted_rows(sets):
    data = sets["folder"]
    draw = data.draw_gold(0)
    labelled = draw.fit.y >= 0
    assert labelled.sum() == 50
    assert draw.kept.all()
    assert_array_equal(draw.fit.y[labelled], data.fit_rows.y[labelled])


def test_gold_rows_are_not_scored_where_the_fitted_rows_are(sets):
    data = sets["crowd"]
    draw = data.draw_gold(0)
    scored = data.fit_rows.gold[draw.kept]
    assert len(scored) == 60
    assert (draw.fit.y[scored] == -1).all()


def test_gold_rows_of_another_split_are_appended():
    data = RealSet("x", 2, {"train": rows_of(30, 0, gold=False), "valid": rows_of(40, 1)})
    draw = data.draw_gold(0)
    assert draw.fit.L.shape == (50, 5)  # half of what is scored
    assert_array_equal(draw.fit.y >= 0, np.arange(50) >= 30)
    assert_array_equal(draw.fit.L[:30], data.fit_rows.L)
    assert draw.kept.sum() == 20


def test_split_that_is_not_scored_is_preferred_for_gold_rows():
    splits = {"train": rows_of(30, 0, gold=False), "valid": rows_of(40, 1), "test": rows_of(40, 2)}
    draw = RealSet("x", 2, splits).draw_gold(0)
    assert draw.kept.all()
    assert_array_equal(
        np.sort(draw.fit.y[30:]), np.sort(splits["valid"].y)
    )  # fewer than 50: all of them


def test_draws_differ_by_their_seed(sets):
    first, same, other = (sets["crowd"].draw_gold(seed).fit.y for seed in (0, 0, 1))
    assert_array_equal(first, same)
    assert (first != other).any()


# Measures -----------------------------------------------------------------------------------------


def test_tied_row_counts_by_the_number_of_tied_classes():
    proba = np.array([[0.4, 0.4 + 1e-9, 0.2], [0.4, 0.4, 0.2], [1 / 3] * 3])
    assert_allclose(metrics.correctness(proba, np.array([0, 2, 2])), [1 / 2, 0, 1 / 3])


def test_covered_accuracy_leaves_out_rows_without_a_vote():
    L = np.array([[1, -1], [-1, -1]])
    scores = metrics.measure(np.array([[0.2, 0.8], [0.8, 0.2]]), L, np.array([1, 1]))
    assert (scores.accuracy, scores.covered_accuracy) == (0.5, 1.0)


def test_macro_f1_takes_the_first_class_on_ties():
    proba = np.array([[0.5, 0.5], [0.1, 0.9]])
    assert metrics.macro_f1(proba, np.array([0, 1])) == 1
    assert metrics.macro_f1(proba, np.array([1, 1])) == pytest.approx(1 / 3)


def test_log_loss_of_a_sure_error_is_bounded():
    proba = np.array([[1.0, 0.0], [0.5, 0.5]])
    assert_allclose(metrics.log_loss(proba, np.array([1, 0])), np.log([1e6, 2]).mean())


def test_calibration_error_weighs_bins_by_their_rows():
    proba = np.array([[0.9, 0.1]] * 3 + [[0.4, 0.6]])
    assert_allclose(metrics.calibration_error(proba, np.array([0, 0, 1, 1])), (0.7 + 0.4) / 4)


# Methods ------------------------------------------------------------------------------------------


def test_gains_are_against_majority_vote_and_default_on_the_same_rows(sets):
    results = {result.method: result for result in SetScorer(sets["crowd"]).score_ours(2)}
    assert results[BASELINE].gain == 0
    assert results[DEFAULT].over_default == 0
    on_gold = results[GOLD].scores.accuracy - results[GOLD].gain
    assert on_gold != results[BASELINE].scores.accuracy  # other rows are scored
    assert 0 < on_gold < 1


def test_setting_that_raises_is_a_failed_result(sets, monkeypatch):
    broken = (quality_methods.LabelModelClassifier, {"n_epochs": -1})
    monkeypatch.setitem(quality_methods.OURS, "broken", broken)
    failed = SetScorer(sets["folder"]).score_ours(1)[-1]
    assert failed.scores is None
    assert "n_epochs" in failed.note


def test_rank_correlation():
    likelihood = np.array([-3.0, -2.0, -1.0])
    assert Ranking("x", likelihood, np.array([0.5, 0.6, 0.9])).correlation == pytest.approx(1)
    assert np.isnan(Ranking("x", likelihood, np.full(3, 0.5)).correlation)


def test_likelihood_chooses_the_setting():
    assert Ranking("x", np.array([-3.0, -1.0, -2.0]), np.array([0.5, 0.6, 0.9])).chosen == 0.6


# Peers --------------------------------------------------------------------------------------------


def test_failing_peer_is_named(sets, tmp_path):
    answer = PeerRunner(Path(sys.executable), 60, 1, tmp_path).ask(sets["folder"], "nobody")
    assert answer == "KeyError: 'nobody'"


def test_peers_see_no_gold_label(sets):
    question = question_for(sets["crowd"])
    assert set(question) == {"L", "scored", "places", "n_classes", "class_prior"}
    assert_array_equal(question["L"][question["places"]], question["scored"])


def test_rows_and_classes_that_a_peer_does_not_know():
    found = pd.DataFrame([[0.3, 0.7]], index=[1], columns=[0, 2])
    proba = quality_worker.spread(found, np.array([0, 1]), 3)
    assert_allclose(proba, [[1 / 3] * 3, [0.3, 0, 0.7]])


def test_long_table_holds_the_votes():
    table = quality_worker.long_table(np.array([[-1, 2], [0, -1]]))
    assert table.to_numpy().tolist() == [[0, 1, 2], [1, 0, 0]]


# Report -------------------------------------------------------------------------------------------


def scores_of(accuracy, log_loss=0.5):
    return metrics.Scores(accuracy, accuracy, accuracy, log_loss, 0.1)


def report_of(data, **found):
    """A report of methods' (accuracy, log loss) on one set, all against an accuracy of 0.5."""
    results = [Result(data, BASELINE, scores_of(0.5), 0.0)]
    results += [
        Result(data, method, scores_of(*pair), pair[0] - 0.5) for method, pair in found.items()
    ]
    return Report(results, [])


def test_failed_method_is_marked_in_the_table(sets):
    data = sets["crowd"]
    done = Result(data, BASELINE, scores_of(0.5), 0.0)
    table = set_table(Report([done, Result(data, DEFAULT, note="why")], []))
    assert table[1] == ["crowd", "2", "50.0", "failed"]


@pytest.mark.parametrize(("accuracy", "verdict"), [(0.54, "pass"), (0.52, "FAIL")])
def test_goal_of_the_default(sets, accuracy, verdict):
    report = report_of(sets["crowd"], default=(accuracy, 0.5))
    assert quality_goals(report)[0].verdict == verdict


def test_goals_of_a_failed_setting_fail(sets):
    done = Result(sets["crowd"], BASELINE, scores_of(0.5), 0.0)
    goals = quality_goals(Report([done, Result(sets["crowd"], DEFAULT, note="why")], []))
    assert {goal.verdict for goal in goals[:5]} == {"FAIL"}


def test_log_loss_is_compared_with_the_best_peer(sets):
    peers = {"Snorkel": (0.5, 0.3), "ck DS": (0.5, 0.9), "Snorkel prior": (0.5, 0.1)}
    report = report_of(sets["crowd"], default=(0.5, 0.4), **peers)
    difference, peer = report.over_peers("log_loss")
    assert difference == pytest.approx(0.1)
    assert peer == "against Snorkel"


def test_rst_table_keeps_empty_cells():
    lines = rst_table([["a", "b"], ["", "1"]]).splitlines()
    assert lines == ["==  =", "a   b", "==  =", "\\   1", "==  ="]


@pytest.fixture(scope="module")
def written(folder, tmp_path_factory):
    results = tmp_path_factory.mktemp("results")
    arguments = ["--data", str(folder), "--no-peers", "--draws", "1", "--results", str(results)]
    quality.main(arguments)
    return results


def test_run_writes_every_set_and_method_and_the_means(written):
    with (written / "quality.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [(line["set"], line["method"]) for line in lines] == [
        (name, method) for name in ("crowd", "folder", "mean") for method in quality_methods.OURS
    ]


def test_run_writes_the_ranked_settings(written):
    lines = (written / "quality_settings.csv").read_text().splitlines()
    assert len(lines) == 1 + 2 * len(quality_methods.GRID)


def test_run_draws_the_plot(written):
    assert (written / "quality.png").read_bytes().startswith(b"\x89PNG")


def test_docs_are_restructuredtext_alone(folder, capsys):
    arguments = ["--data", str(folder), "--no-peers", "--draws", "1", "--only", "crowd", "--docs"]
    quality.main(arguments)
    printed = capsys.readouterr().out
    assert printed.startswith("=====")
    assert "|" not in printed
