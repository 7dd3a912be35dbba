"""What the displays draw; their looks were judged by eye."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from helpers import make_votes
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.calibration import CalibrationDisplay

from sklearn_labelmodel import LabelModelClassifier
from sklearn_labelmodel.inspection import (
    LFAccuracyDisplay,
    LFConflictDisplay,
    LFCoverageDisplay,
    LFOverlapDisplay,
    LossCurveDisplay,
    lf_summary,
)
from sklearn_labelmodel.inspection._report.parts import wilson_intervals

# Older releases of matplotlib call what newer ones of their dependencies deprecate.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:matplotlib")

NAMES = ["link", "short", "caps", "regex", "length"]
OF_VOTES = [LFOverlapDisplay, LFConflictDisplay, LFCoverageDisplay]


@pytest.fixture(autouse=True)
def plt():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")


@pytest.fixture(scope="module")
def frame():
    return pd.DataFrame(make_votes()[0], columns=NAMES)


@pytest.fixture(scope="module")
def model(frame):
    return LabelModelClassifier(n_epochs=20).fit(frame)


def written(ax):
    """Texts of the labels of the y axis."""
    return [label.get_text() for label in ax.get_yticklabels()]


@pytest.mark.parametrize("display", OF_VOTES)
def test_lfs_are_labelled_with_their_names(display, frame):
    assert written(display.from_votes(frame).ax_) == NAMES


@pytest.mark.parametrize("display", OF_VOTES)
def test_lfs_without_names_are_labelled_with_their_columns(display, frame):
    assert written(display.from_votes(frame.to_numpy()).ax_) == list("01234")


@pytest.mark.parametrize("display", OF_VOTES)
def test_given_axes_are_drawn_on(display, frame, plt):
    figure, ax = plt.subplots()
    drawn = display.from_votes(frame, ax=ax)
    assert drawn.ax_ is ax
    assert drawn.figure_ is figure


@pytest.mark.parametrize("display", OF_VOTES)
def test_from_estimator_draws_the_same_as_from_votes(display, frame, model):
    one, other = display.from_votes(frame), display.from_estimator(model, frame)
    for name, value in vars(one).items():
        if isinstance(value, np.ndarray):
            assert_allclose(value, getattr(other, name))


@pytest.mark.parametrize("display", OF_VOTES)
def test_other_abstain_markers(display, frame):
    one = display.from_votes(frame.where(frame >= 0, 9), abstain=9)
    other = display.from_votes(frame)
    for name, value in vars(other).items():
        if isinstance(value, np.ndarray):
            assert_allclose(getattr(one, name), value)


def test_diagonal_of_overlap_is_coverage(frame):
    shares = LFOverlapDisplay.from_votes(frame).shares
    assert_allclose(np.diag(shares), lf_summary(frame)["coverage"])


def test_conflict_is_a_share_of_common_rows():
    display = LFConflictDisplay.from_votes([[0, 1, -1], [0, 0, -1], [1, 1, -1], [0, -1, 1]])
    assert display.shares[0, 1] == pytest.approx(1 / 3)
    assert display.shares[0, 2] == 1
    assert np.isnan(display.shares[1, 2])


def test_the_diagonal_of_conflicts_is_white_and_grey_is_what_shares_no_row():
    apart = LFConflictDisplay.from_votes([[0, 1, -1], [0, 0, -1], [1, 1, -1], [0, -1, 1]])
    assert apart.ax_.get_title(loc="right") == "LF conflict (grey: no common row)"
    grey = apart.ax_.images[-1].get_array()
    assert np.argwhere(~np.ma.getmaskarray(grey)).tolist() == [[1, 2], [2, 1]]
    together = LFConflictDisplay.from_votes([[0, 1], [0, 0]])
    assert together.ax_.get_title(loc="right") == "LF conflict"


@pytest.mark.parametrize("display", OF_VOTES)
def test_dollars_in_names_are_no_mathematics(display, frame):
    ax = display.from_votes(frame.rename(columns={"link": "$5 or $9"})).ax_
    assert not any(label.get_parse_math() for label in ax.get_yticklabels())


def test_cells_are_numbered_up_to_twelve_lfs():
    few, many = (make_votes(n_lfs=n)[0] for n in (12, 13))
    assert len(LFOverlapDisplay.from_votes(few).ax_.texts) == 144
    assert not LFOverlapDisplay.from_votes(many).ax_.texts


def test_long_names_are_shortened_and_stay_different(frame):
    names = [f"{'begins_alike_' * 3}{j}{'_ends_alike' * 3}" for j in range(5)]
    labels = written(LFCoverageDisplay.from_votes(frame.set_axis(names, axis=1)).ax_)
    assert len(set(labels)) == 5
    assert max(map(len, labels)) < 50


def test_accuracy_without_gold_labels_shows_what_is_learned(frame, model):
    display = LFAccuracyDisplay.from_estimator(model, frame)
    assert display.empirical is None
    assert_allclose(display.learned, model.lf_accuracies_)


def test_accuracy_with_gold_labels(frame, model):
    _, y = make_votes()
    display = LFAccuracyDisplay.from_estimator(model, frame, y)
    assert_allclose(display.empirical, lf_summary(frame, y)["empirical_accuracy"])
    assert (display.intervals[:, 0] < display.empirical).all()


def test_without_gold_labels_intervals_are_those_of_the_report(frame, model):
    display = LFAccuracyDisplay.from_estimator(model, frame)
    expected = model.report(frame).lfs[["accuracy", "low", "high"]]
    assert_allclose(display.estimated, expected)
    assert len(display.ax_.containers) == 1


def test_the_most_accurate_lf_is_on_top_or_the_first(frame, model):
    _, y = make_votes()
    display = LFAccuracyDisplay.from_estimator(model, frame, y)
    best = lf_summary(frame, y)["empirical_accuracy"].sort_values(ascending=False, kind="stable")
    assert written(display.ax_) == best.index.tolist()
    assert written(display.plot(order="columns").ax_) == NAMES
    with pytest.raises(ValueError, match="order is 'name'"):
        display.plot(order="name")


def test_no_mark_of_an_lf_hides_another(frame, model):
    _, y = make_votes()
    ax = LFAccuracyDisplay.from_estimator(model, frame, y).ax_
    measured, learned = (ax.containers[0].lines[0], ax.lines[-1])
    assert (np.sort(measured.get_ydata()) - np.sort(learned.get_ydata()) > 0.3).all()


def test_a_mark_is_where_its_lf_is_written(frame, model):
    _, y = make_votes()
    display = LFAccuracyDisplay.from_estimator(model, frame, y)
    drawn = display.ax_.lines[-1]
    order = [NAMES.index(name) for name in written(display.ax_)]
    by_line = np.argsort(drawn.get_ydata())
    assert_allclose(drawn.get_xdata()[by_line], model.lf_accuracies_[order])


def test_accuracy_from_votes(frame):
    _, y = make_votes()
    display = LFAccuracyDisplay.from_votes(frame, y)
    assert display.learned is None
    assert len(display.ax_.containers) == 1


@pytest.mark.parametrize("display", [LFAccuracyDisplay, LFCoverageDisplay])
def test_an_lf_without_votes_is_marked(display, frame):
    _, y = make_votes()
    silent = frame.assign(caps=-1)
    drawn = (
        display.from_votes(silent, y)
        if display is LFAccuracyDisplay
        else display.from_votes(silent)
    )
    assert [text.get_text() for text in drawn.ax_.texts] == ["no votes"]


def test_wilson_intervals_against_the_defining_equation():
    # The ends p solve (k / n - p)^2 = z^2 p (1 - p) / n.
    k, n, z = np.array([0, 3, 50, 10]), np.array([10, 10, 80, 10]), 1.959963984540054
    for end in wilson_intervals(k, n).T:
        assert_allclose((k / n - end) ** 2, z**2 * end * (1 - end) / n, atol=1e-12)


def test_wilson_interval_without_a_trial():
    assert wilson_intervals([0], [0]).tolist() == [[0.0, 1.0]]


def test_confidence_out_of_range():
    with pytest.raises(ValueError, match="confidence is 95"):
        wilson_intervals([1], [2], 95)


def test_bars_add_up_to_the_coverage(frame):
    display = LFCoverageDisplay.from_votes(frame)
    ends = [bar.get_x() + bar.get_width() for bar in display.ax_.containers[-1]]
    assert_allclose(ends, lf_summary(frame)["coverage"])


def test_loss_curve_ends_with_the_final_loss(model):
    display = LossCurveDisplay.from_estimator(model, name="default")
    epochs, losses = display.line_.get_data()
    assert epochs[-1] == model.n_iter_
    assert_allclose(losses, [*model.loss_curve_, model.loss_])


def test_loss_curve_without_an_epoch(frame):
    model = LabelModelClassifier(n_epochs=0).fit(frame)
    assert len(LossCurveDisplay.from_estimator(model).line_.get_xdata()) == 1


def test_loss_curves_can_share_axes(model):
    first = LossCurveDisplay.from_estimator(model, name="one")
    second = LossCurveDisplay.from_estimator(model, name="two", ax=first.ax_)
    assert len(second.ax_.get_legend().get_texts()) == 2


def test_scikit_learns_calibration_display(frame, model):
    _, y = make_votes()
    display = CalibrationDisplay.from_estimator(model, frame, y, n_bins=4)
    proba = model.predict_proba(frame)[:, 1]
    in_bin = [(low <= proba) & (proba < low + 0.25) for low in (0, 0.25, 0.5, 0.75)]
    assert_allclose(display.prob_pred, [proba[rows].mean() for rows in in_bin])
    assert_allclose(display.prob_true, [y[rows].mean() for rows in in_bin])


@pytest.mark.slow
def test_without_matplotlib_the_remedy_is_named():
    code = (
        "import sys; sys.modules['matplotlib'] = None; sys.modules['matplotlib.pyplot'] = None\n"
        "from sklearn_labelmodel.inspection import LFOverlapDisplay\n"
        "LFOverlapDisplay.from_votes([[0, 1], [1, 1]])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert 'pip install "sklearn_labelmodel[plot]"' in done.stderr


@pytest.mark.slow
def test_importing_inspection_does_not_import_matplotlib():
    code = "import sys, sklearn_labelmodel.inspection; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("display", [LFCoverageDisplay, LFOverlapDisplay, LFConflictDisplay])
def test_scores_are_drawn_as_a_label_model_reads_them(display):
    y = np.random.default_rng(0).integers(2, size=200)
    L = np.column_stack([y, y + np.random.default_rng(1).normal(size=(200, 2)).T[0], 5.0 * y])
    L[::7, 1] = np.nan
    model = LabelModelClassifier(scores=[1, 2]).fit(L)
    alone, fitted = display.from_votes(L, scores=[1, 2]), display.from_estimator(model, L)
    for name, value in vars(fitted).items():
        if isinstance(value, np.ndarray):
            assert_array_equal(vars(alone)[name], value)
    unnamed = display.from_votes(L[:, 1:], scores="all")  # no class is known
    assert len(unnamed.lf_names) == 2


def test_accuracies_of_scores_are_those_of_the_class_that_they_lean_to():
    y = np.array([0, 0, 0, 1, 1, 1])
    scores = np.array([[1, 9], [2, 8], [3, 7], [4, 3], [5, 2], [6, 1]])
    display = LFAccuracyDisplay.from_votes(scores, y, scores="all")
    assert_array_equal(display.empirical, [1, 0])
