"""The fit report on facts made by hand: every threshold just inside and just outside, and how a report reads."""

import re
from dataclasses import fields, replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_labelmodel import DawidSkeneClassifier, LabelModelClassifier, MajorityVoteClassifier
from sklearn_labelmodel._evidence.model import ClassPrior, Dependence, History, VoteModel
from sklearn_labelmodel._evidence.table import VoteTable
from sklearn_labelmodel._learning.observed import KeptCounts
from sklearn_labelmodel._votes.codes import no_gold
from sklearn_labelmodel._votes.gold import GoldCounts
from sklearn_labelmodel._votes.patterns import read_patterns
from sklearn_labelmodel._votes.reader import read_votes
from sklearn_labelmodel.datasets import make_label_matrix
from sklearn_labelmodel.inspection._report.checks import all_findings
from sklearn_labelmodel.inspection._report.facts import Facts
from sklearn_labelmodel.inspection._report.likelihood import (
    enough_for_tables,
    fit_likelihood,
    start_with_labels,
)
from sklearn_labelmodel.inspection._report.measure import are_copies, is_explained, numbers_of_fit
from sklearn_labelmodel.inspection._report.parts import SEVERITIES, Copy, FitNumbers, HeldOut
from sklearn_labelmodel.inspection._report.report import report_of_facts

N_LFS = 3
NUMBERS = {field.name for field in fields(FitNumbers)}


def learned(prior=(0.5, 0.5), source="uniform", history=None, lf=(0, 0, 1, 1, 2, 2)):
    """A vote model whose LFs give both of two votes, unless `lf` says otherwise."""
    shares, lf = np.array(prior), np.array(lf)
    vote = np.append(0, np.where(np.diff(lf) == 0, 1, 0))
    nothing = np.zeros((len(lf), len(shares)))
    return VoteModel(
        classes=np.arange(len(shares)),
        table=VoteTable(lf, vote, nothing, np.ones(N_LFS, dtype=bool)),
        prior=ClassPrior(shares, shares, shares, source),
        dependence=Dependence(np.ones(len(lf))),
        tempering=0.0,
        offsets=np.zeros(len(shares)),
        mu=nothing,
        mu_eps=0.01,
        coverage=np.full(N_LFS, 0.5),
        accuracies=np.full(N_LFS, 0.7),
        history=history,
    )


def kept(first=0.5, second=0.5, n_labels=0, alone=False):
    """Counts of 1,000 rows: shares in which the first two LFs vote, whether the first is alone."""
    rows = np.array([n_labels / 2, n_labels / 2])
    gold = GoldCounts(np.zeros((6, 2)), rows, np.zeros(2)) if n_labels else None
    coverage, overlaps = np.array([first, second, 0.5]), np.array([not alone, True, True])
    return KeptCounts(1000, coverage, overlaps, None, gold)


def facts(**changes):
    """Facts in which nothing is wrong, but for the changes, to them or to their numbers on the model."""
    of_model = {key: changes.pop(key) for key in {*changes} & NUMBERS}
    of_all = {"learned": learned(), "kept": kept(), **changes}
    numbers = numbers_of_fit("LabelModelClassifier", of_all["learned"], of_all["kept"])
    good = Facts(
        model=replace(numbers, **of_model),
        capabilities=frozenset({"heed a prior"}),
        name=np.array(["a", "b", "c"], dtype=object),
        kinds=np.bincount(of_all["learned"].table.lf),
        learned=of_all["learned"],
        kept=of_all["kept"],
        coverage=np.full(N_LFS, 0.5),
    )
    return replace(good, **changes)


def report_of(facts):
    return report_of_facts(facts, all_findings(facts))


def agreeing(z, met=1000.0):
    """Votes of the first LF agree beyond chance by so many standard errors, those of others by ten."""
    beyond = 0.01 * np.array([z, 10.0, 10.0])
    chance, error = np.full(N_LFS, 0.5), np.full(N_LFS, 0.01)
    return np.stack([np.full(N_LFS, met), chance + beyond, chance, error])


def interval(low, high):
    """The first LF's accuracy is between these, chance is a half."""
    low, high = np.array([low, 0.8, 0.8]), np.array([high, 0.9, 0.9])
    return np.array([(low + high) / 2, low, high, np.full(N_LFS, 0.5)])


def shares(first):
    return np.array([first, 1 - first])


def copy(rows=1000.0, allowed_for=False):
    return (Copy(0, 1, rows, 0.95, allowed_for),)


def silent_here(n_samples):
    """The first LF, which voted in a twentieth of the rows of fit, is silent in so many."""
    return {
        "kept": kept(first=0.05),
        "coverage": np.array([0.0, 0.5, 0.5]),
        "n_samples": n_samples,
    }


def lost(n_samples):
    """No row is labelled with the second class, a twentieth of all."""
    return {
        "learned": learned(prior=(0.95, 0.05)),
        "labels": np.array([1.0, 0.0]),
        "n_samples": n_samples,
    }


NO_PRIOR = frozenset()
WORSE = "worse-than-majority"


# Code and severity of a finding, facts that give it, and facts that do not.
THRESHOLDS = {
    "INVERTED_Z": (
        "inverted danger",
        {"consensus": agreeing(-3.01)},
        {"consensus": agreeing(-2.99)},
    ),
    "INVERTED_Z by labels": (
        "inverted danger",
        {"consensus": agreeing(5), "labelled": agreeing(-3.01)},
        {"consensus": agreeing(5), "labelled": agreeing(-2.99)},
    ),
    "INVERTED_Z of unrelated": (
        "unrelated warning",
        {"consensus": agreeing(-2.99)},
        {"consensus": agreeing(-3.01)},
    ),
    "UNRELATED_Z": (
        "unrelated warning",
        {"consensus": agreeing(0.99)},
        {"consensus": agreeing(1.01)},
    ),
    "UNRELATED_Z of below chance": (
        "below-chance danger",
        {"consensus": agreeing(0.99), "intervals": interval(0.3, 0.4)},
        {"consensus": agreeing(1.01), "intervals": interval(0.3, 0.4)},
    ),
    "CONFIRMED_Z": (
        "inverted danger",
        {"consensus": agreeing(-5), "labelled": agreeing(1.99)},
        {"consensus": agreeing(-5), "labelled": agreeing(2.01)},
    ),
    "LEAST_MET": (
        "unrelated warning",
        {"consensus": agreeing(0, met=50.0)},
        {"consensus": agreeing(0, met=49.0)},
    ),
    "chance": (
        "below-chance danger",
        {"intervals": interval(0.3, 0.499)},
        {"intervals": interval(0.3, 0.501)},
    ),
    "chance of unrelated": (
        "unrelated warning",
        {"consensus": agreeing(0), "intervals": interval(0.499, 0.6)},
        {"consensus": agreeing(0), "intervals": interval(0.501, 0.6)},
    ),
    "LEAST_LFS": (
        "too-few-lfs danger",
        {"kept": kept(first=0.0)},
        {"kept": kept(first=0.001)},
    ),
    "alone": (
        "never-overlapping warning",
        {"kept": kept(alone=True)},
        {"kept": kept(alone=False)},
    ),
    "FEW_VOTES": ("few-votes info", {"kept": kept(first=0.029)}, {"kept": kept(first=0.03)}),
    "one vote only": (
        "one-sided info",
        {"learned": learned(lf=(0, 1, 1, 2, 2))},
        {"learned": learned()},
    ),
    "ACCIDENT of silence": ("never-votes warning", silent_here(157), silent_here(156)),
    "ACCIDENT of a lost class": ("lost-classes warning", lost(149), lost(148)),
    "ACCIDENT of shares": (
        "shifted-shares info",
        {"shares": shares(0.65), "n_samples": 121},
        {"shares": shares(0.65), "n_samples": 120},
    ),
    "SHIFT": ("shifted-shares info", {"shares": shares(0.601)}, {"shares": shares(0.599)}),
    "LARGE_SHIFT": ("shifted-shares warning", {"shares": shares(0.701)}, {"shares": shares(0.699)}),
    "SILENT where no prior is heeded": (
        "shifted-shares warning",
        {"shares": shares(0.9), "silent": 0.101, "capabilities": NO_PRIOR},
        {"shares": shares(0.9), "silent": 0.099, "capabilities": NO_PRIOR},
    ),
    "SILENT": ("silent-rows info", {"silent": 0.101}, {"silent": 0.099}),
    "MOSTLY_SILENT": ("silent-rows warning", {"silent": 0.501}, {"silent": 0.499}),
    "LOW_AGREEMENT": ("against-majority warning", {"outvoted": 0.101}, {"outvoted": 0.099}),
    "LEAST_AGREEMENT": ("against-majority danger", {"outvoted": 0.301}, {"outvoted": 0.299}),
    "FEW_LABELS": (
        "against-majority info",
        {"outvoted": 0.5, "kept": kept(n_labels=30)},
        {"outvoted": 0.5, "kept": kept(n_labels=29)},
    ),
    "LEAST_LOSS": (
        f"{WORSE} info",
        {"held_out": HeldOut(-3.0, -2.9899, 1e-4)},
        {"held_out": HeldOut(-3.0, -2.9901, 1e-4)},
    ),
    "LOSS_Z": (
        f"{WORSE} info",
        {"held_out": HeldOut(-3.0, -2.699, 0.1)},
        {"held_out": HeldOut(-3.0, -2.701, 0.1)},
    ),
    "SAME_LABELS": (
        f"{WORSE} warning",
        {"held_out": HeldOut(-3.0, -2.0, 0.1), "outvoted": 0.051},
        {"held_out": HeldOut(-3.0, -2.0, 0.1), "outvoted": 0.049},
    ),
    "FEW_VOTES of a copy": (
        "near-duplicate warning",
        {"copies": copy(rows=30.0)},
        {"copies": copy(rows=29.0)},
    ),
    "a copy that the fit allows for": (
        "near-duplicate warning",
        {"copies": copy(allowed_for=False)},
        {"copies": copy(allowed_for=True)},
    ),
    "convergence": (
        "not-converged warning",
        {"learned": learned(history=History(np.ones(2), 1.0, converged=False))},
        {"learned": learned(history=History(np.ones(2), 1.0, converged=None))},
    ),
}


def test_nothing_is_wrong_with_good_facts():
    assert all_findings(facts()) == ()


@pytest.mark.parametrize("name", THRESHOLDS)
def test_a_finding_starts_where_its_threshold_is(name):
    kind, inside, outside = THRESHOLDS[name]

    def found(changes):
        return {f"{found.code} {found.severity}" for found in all_findings(facts(**changes))}

    assert kind in found(inside)
    assert kind not in found(outside)


# Copies and likelihood ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agreement", "rows", "explained", "expected"),
    [
        (0.901, 50, False, True),
        (0.899, 500, False, False),
        (0.971, 100, True, True),
        (0.969, 500, True, False),
        (1.0, 99, True, False),
    ],
    ids=["ALIKE", "less than ALIKE", "VERY_ALIKE", "less than VERY_ALIKE", "less than ALIKE_ROWS"],
)
def test_a_copy_is_alike_and_not_explained_or_very_alike(agreement, rows, explained, expected):
    assert are_copies(np.array([agreement]), np.array([rows]), np.array([explained])) == [expected]


@pytest.mark.parametrize(
    ("ratio", "z", "n_lfs", "expected"),
    [
        (0.299, 9.0, 2, True),
        (0.301, 9.0, 2, False),
        # Of 45 pairs a fifth of one, of 1 pair a fifth: the normal distribution's tail beyond 2.617, and 0.842.
        (0.9, 2.61, 10, True),
        (0.9, 2.63, 10, False),
        (0.9, 0.84, 2, True),
        (0.9, 0.85, 2, False),
    ],
)
def test_agreement_is_explained_where_little_is_missing_or_many_pairs_were_seen(
    ratio, z, n_lfs, expected
):
    assert is_explained(np.array([ratio]), np.array([z]), n_lfs) == [expected]


@pytest.mark.parametrize(
    ("n_votes", "n_parameters", "enough"),
    [(120, 8, True), (119, 8, False), (10**6, 1024, True), (10**6, 1025, False)],
)
def test_tables_take_fifteen_votes_a_parameter(n_votes, n_parameters, enough):
    assert enough_for_tables(n_votes, n_parameters) == enough


def test_majority_vote_counts_for_five_rows_of_each_class_beside_labels():
    start = np.array([[30.0, 10.0], [10.0, 50.0]]), np.array([40.0, 60.0])
    labels = GoldCounts(np.array([[3.0, 0.0], [0.0, 4.0]]), np.array([5.0, 4.0]), np.zeros(2))
    counts, rows = start_with_labels(start, labels)
    assert_allclose(rows, [5 + 4.0, 4 + 6.0])
    assert_allclose(counts, labels.by_symbol + start[0] / 10)


@pytest.mark.parametrize(
    ("n_votes", "n_rare", "reason"),
    [(60, 5, ""), (60, 4, "one-sided"), (200, 10, ""), (200, 9, "one-sided")],
    ids=["LEAST_VOTES", "fewer", "LEAST_SHARE", "less"],
)
def test_an_lf_that_hardly_gives_another_vote_is_one_sided(n_votes, n_rare, reason):
    L = make_label_matrix(400, 4, coverage=1.0, random_state=0).L.copy()
    L[:, 3] = np.where(np.arange(400) < n_rare, 1, np.where(np.arange(400) < n_votes, 0, -1))
    patterns = read_patterns(read_votes(L, abstain=-1), no_gold(400))
    assert fit_likelihood(patterns, np.arange(2))[0] == ["", "", "", reason]


@pytest.mark.parametrize(("n_rows", "is_split"), [(19, False), (20, True)])
def test_twenty_rows_are_split(n_rows, is_split):
    L = make_label_matrix(n_rows, 6, coverage=0.9, random_state=0).L
    held_out = LabelModelClassifier(n_epochs=5).fit(L).report(L).model.held_out
    assert (held_out is not None) == is_split


# Words --------------------------------------------------------------------------------------------


MODELS = {
    "label model": LabelModelClassifier,
    "Dawid-Skene": DawidSkeneClassifier,
    "majority vote": MajorityVoteClassifier,
}


@pytest.mark.parametrize(
    ("model", "source", "remedy"),
    [
        ("label model", "uniform", "give the shares as .*, or have them learned .*'estimate'"),
        ("label model", "given", "check the shares in .*, or have them learned .*'estimate'"),
        ("label model", "labels", "check that labelled rows .*, or give the shares as .*"),
        ("label model", "learned", "give the shares as class_balance if you know them"),
        ("Dawid-Skene", "given", "check the shares in .*, or leave it out to have them learned"),
        ("Dawid-Skene", "learned", "give the shares .* if you know them, or raise max_iter"),
        ("majority vote", "uniform", "give the shares as class_balance"),
        ("majority vote", "given", "check the shares in .*, or use LabelModelClassifier.*"),
        ("majority vote", "labels", "check that labelled rows .*, or use LabelModelClassifier.*"),
    ],
)
def test_the_remedy_for_shares_is_by_what_the_model_can_do(model, source, remedy):
    (finding,) = all_findings(
        facts(
            capabilities=MODELS[model]._capabilities,
            learned=learned(source=source),
            shares=shares(0.8),
            silent=0.05 if source != "uniform" else 0.15,
        )
    )[:1]
    assert finding.code == "shifted-shares"
    assert re.fullmatch(remedy, finding.remedy)


@pytest.mark.parametrize(
    ("source", "checked"),
    [("labels", "the gold labels"), ("given", "class_balance"), ("uniform", "class_balance")],
)
def test_a_lost_class_sends_to_what_its_share_comes_from(source, checked):
    changed = lost(1000) | {"learned": learned(prior=(0.95, 0.05), source=source)}
    (finding,) = [f for f in all_findings(facts(**changed)) if f.code == "lost-classes"]
    assert finding.remedy.endswith(f"or check {checked}")


def test_many_classes_take_many_rows_to_lose_one_or_to_shift():
    labels, predicted = np.append(0.0, np.full(99, 1 / 99)), np.repeat([0.005, 0.015], 50)
    predicted[[7, 8]] = 0.003, 0.007
    model = learned(prior=np.full(100, 0.01))
    few, many = (
        all_findings(facts(learned=model, n_samples=n, shares=predicted, labels=labels))
        for n in (500, 5000)
    )
    assert few == ()
    said = {finding.code: str(finding) for finding in many}
    assert "labelled 0; add LFs for it" in said["lost-classes"]
    assert (
        "Class 7 gets 0.3% of the predicted probability, the class prior says 1%"
        in said["shifted-shares"]
    )


def everything_wrong():
    silent = np.array([0.0, 0.005, 0.2])
    return facts(
        learned=learned(lf=(1, 2, 2), history=History(np.ones(2), 1.0, converged=False)),
        kept=KeptCounts(1000, silent, np.array([False, False, True]), None),
        coverage=silent,
        silent=0.9,
        shares=np.array([0.9, 0.1]),
        labels=np.array([1.0, 0.0]),
        agreement=0.5,
        outvoted=0.5,
        held_out=HeldOut(-3.0, -2.0, 0.1),
        copies=copy(),
    )


def test_every_finding_is_a_sentence_with_a_remedy():
    found = all_findings(everything_wrong())
    assert len({finding.code for finding in found}) > 9
    for finding in found:
        assert re.fullmatch(r"[^.;]+(\.\d+[^.;]*)*; [^.;]+\.", str(finding)), str(finding)


def test_the_worst_comes_first():
    report = report_of(everything_wrong())
    ranks = [SEVERITIES.index(finding.severity) for finding in report.findings]
    assert ranks == sorted(ranks)
    assert report.worst == "danger"


def test_printing_is_short_however_much_is_found():
    text = str(report_of(everything_wrong()))
    assert len(text.splitlines()) <= 9
    assert "see report.findings" in text


def test_only_lfs_with_the_same_remedy_share_a_line():
    pairs = (Copy(0, 1, 1000.0, 0.95, True), Copy(0, 2, 1000.0, 0.95, False))
    lines = str(report_of(facts(copies=pairs))).splitlines()
    (allowed,) = (line for line in lines if "which the fit allows for" in line)
    (counted,) = (line for line in lines if "count twice" in line)
    assert "warning" in counted
    assert "info" in allowed
    assert "Likewise" not in allowed + counted


def test_training_that_diverged_is_not_called_converged():
    for diverged, said in [(False, "converged yes"), (True, "Training diverged")]:
        history = History(np.ones(2), 2.0, converged=True, diverged=diverged)
        text = str(report_of(facts(learned=learned(history=history))))
        assert said in text
        assert ("converged yes" in text) != diverged
