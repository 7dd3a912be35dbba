"""What the command takes columns for, what it says of those that are no voters, and tables with a row for each vote."""

import numpy as np
import pandas as pd
import pytest
from helpers import make_votes

from sklearn_labelmodel import DawidSkeneClassifier, LabelModelClassifier, MajorityVoteClassifier
from sklearn_labelmodel._cli import main
from sklearn_labelmodel.labeling import votes_from_long

CODES, TRUTH = make_votes(60, 4)
NAMES = np.array(["ham", "spam", None], dtype=object)
VOTES = pd.DataFrame(NAMES[CODES], columns=["j1", "j2", "j3", "j4"])
GOLD = NAMES[TRUTH]
LONG = (
    VOTES.assign(task=[f"t{row:02}" for row in range(60)])
    .melt("task", var_name="worker", value_name="answer")
    .dropna()
)


@pytest.fixture
def label(tmp_path, monkeypatch, capsys):
    """Run the command in an empty folder on a table; status, standard output and error."""
    monkeypatch.chdir(tmp_path)

    def call(table, *arguments):
        table.to_csv("votes.csv", index=False)
        status = main(["votes.csv", "-o", "labels.csv", "--force", *arguments])
        return status, *capsys.readouterr()

    return call


def probabilities():
    return pd.read_csv("labels.csv").filter(like="probability_").to_numpy()


def assert_probabilities(expected):
    np.testing.assert_allclose(probabilities(), expected, rtol=0, atol=5.1e-5)


# Options ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        ["ham=0.7", "spam=0.3"],
        ["ham=70%,spam=30%"],
        ["ham=70%,", "spam=30%"],
        ["ham = 70 %, spam = 30 %"],
        ["spam=.3,ham=.7"],
    ],
)
def test_class_balance_is_typed_in_many_ways(label, typed):
    assert label(VOTES, "--class-balance", *typed)[0] == 0
    model = LabelModelClassifier(class_balance={"ham": 0.7, "spam": 0.3}).fit(VOTES)
    assert_probabilities(model.predict_proba(VOTES))


@pytest.mark.parametrize(
    ("typed", "message"),
    [("ham=0,7,spam=0,3", "a point, no comma"), ("ham=70,spam=30", "write 70% for")],
)
def test_class_balance_that_is_mistyped_says_how(label, typed, message):
    status, _, errors = label(VOTES, "--class-balance", typed)
    assert status == 2
    assert message in errors


def test_a_class_balance_is_estimated_on_demand(label):
    assert label(VOTES, "--class-balance", "estimate")[0] == 0
    model = LabelModelClassifier(class_balance="estimate").fit(VOTES)
    assert_probabilities(model.predict_proba(VOTES))


@pytest.mark.parametrize("typed", [["a,b,c"], ["a", "b,c"], ["a, b, c"]])
def test_names_of_columns_are_separated_by_commas_or_not(label, typed):
    table = VOTES.assign(a="x", b="y", c="z")
    assert label(table, "--id", *typed)[0] == 0
    assert pd.read_csv("labels.csv").columns.tolist()[:3] == ["a", "b", "c"]


def test_a_comma_in_a_name_is_part_of_it(label):
    assert label(VOTES.assign(**{"a,b": "x"}), "--id", "a,b")[0] == 0
    assert pd.read_csv("labels.csv").columns[0] == "a,b"


def test_a_class_with_a_comma_is_quoted(label):
    table = VOTES.replace("ham", "ham, or so")
    assert label(table, "--classes", 'spam,"ham, or so"')[0] == 0
    assert pd.read_csv("labels.csv").columns.tolist()[1:] == [
        "probability_spam",
        "probability_ham, or so",
    ]


def test_minus_one_is_a_class_where_it_is_named(label):
    table = VOTES.apply(lambda column: column.map({"ham": -1, "spam": 1}))
    assert label(table, "--classes", "-1", "1")[0] == 0
    model = LabelModelClassifier(classes=[-1, 1], abstain=None).fit(table)
    assert_probabilities(model.predict_proba(table))


@pytest.mark.parametrize(
    ("option", "model"),
    [("--majority", MajorityVoteClassifier()), ("--dawid-skene", DawidSkeneClassifier())],
)
def test_other_models(label, option, model):
    assert label(VOTES, option)[0] == 0
    assert_probabilities(model.fit(VOTES).predict_proba(VOTES))


def test_spellings_are_one_label_on_demand(label):
    messy = VOTES.copy()
    messy.iloc[::3] = messy.iloc[::3].replace({"ham": "**Ham.**", "spam": '"SPAM"'})
    assert label(messy, "--normalize")[::2] == (0, "")
    assert_probabilities(LabelModelClassifier().fit(VOTES).predict_proba(VOTES))


def test_options_that_exclude_each_other_are_bad_input(label, capsys):
    with pytest.raises(SystemExit):
        label(VOTES, "--majority", "--dawid-skene")
    assert label(VOTES, "--model", "m.skops", "--classes", "ham")[0] == 2
    assert label(VOTES, "--long", "a", "b", "c", "--id", "a")[0] == 2


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_and_version_end_with_zero(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 0
    assert "labelmodel" in capsys.readouterr().out


# Columns that are hardly voters -------------------------------------------------------------------

TEXTS = [f"a long text about the thing called {row}" for row in range(60)]
DOUBTFUL = {
    "identifier": (VOTES.assign(key=[f"r{row}" for row in range(60)]), 2, "'key' (identifier"),
    "two": (VOTES.assign(key=range(60), text=TEXTS), 2, "'text' (text"),
    "score": (VOTES.assign(sure=np.linspace(0.1, 0.9, 60)), 2, "--scores sure, or --id sure"),
    "percentages": (
        VOTES.assign(sure=[f"{share}%" for share in range(60)]),
        2,
        "--scores sure, or --id sure",
    ),
    "rating": (VOTES.assign(rating=np.arange(60) % 5), 2, "--scores rating"),
    "boolean": (VOTES.assign(seen=np.arange(60) % 3 == 0), 2, "or pass --id seen"),
    "gold": (VOTES.assign(truth=GOLD), 0, "looks like gold labels by its name"),
    "long": (LONG, 2, "--long task worker answer"),
    "few numbers": (VOTES[:5].assign(id=range(5)), 2, "'id' (identifier: 5 distinct whole numbers"),
    "many numbers": (VOTES.assign(nr=np.arange(60)[::-1]), 2, "--scores nr, or --id nr"),
    "few texts": (
        pd.DataFrame(CODES[:5]).assign(key=[*"abcde"]),
        2,
        "'key' (identifier: 5 distinct strings",
    ),
    "few rows": (VOTES[:5].assign(key=[*"abcde"]), 0, "looks like an identifier or a text"),
}


@pytest.mark.parametrize(("table", "status", "message"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_a_column_that_is_hardly_a_voter_is_named(label, table, status, message):
    found, _, errors = label(table)
    assert found == status
    assert message in errors
    assert len(errors.splitlines()) == 1


@pytest.mark.slow
def test_many_numbers_are_doubted_unless_classes_are_named(label):
    numbers = pd.DataFrame(CODES, columns=VOTES.columns).assign(j5=np.arange(60) % 25)
    assert "looks like scores" in label(numbers)[2]
    named = map(str, range(25))
    assert label(numbers, "--classes", *named)[::2] == (0, "")


def test_true_and_false_are_votes_where_all_voters_say_them(label):
    table = VOTES.replace({"ham": "True", "spam": "FALSE"})
    assert label(table, "--normalize")[::2] == (0, "")


def test_scores_beside_votes_of_three_classes_are_told_in_options(label):
    table = VOTES.assign(j5="eggs", sure=np.linspace(0.1, 0.9, 60))
    status, _, errors = label(table, "--scores", "sure")
    assert status == 2
    assert "name them (--classes)" in errors
    assert "scores={" not in errors


def test_a_mark_among_gold_labels_is_taken_away_by_the_option_that_is_named(label):
    table = VOTES.assign(truth=[*GOLD[:30], *["nan"] * 30])
    assert "add --abstain nan, or empty the cells" in label(table, "--gold", "truth")[2]
    assert label(table, "--gold", "truth", "--abstain", "nan")[::2] == (0, "")


def test_what_an_option_names_is_not_doubted(label):
    table = VOTES.assign(truth=GOLD)
    assert label(table, "--voters", "j1,j2,j3,j4,truth")[::2] == (0, "")
    assert label(table, "--gold", "truth")[::2] == (0, "")
    assert label(table, "--id", "truth")[::2] == (0, "")


def test_voters_that_are_named_are_all_that_vote(label):
    assert label(VOTES.assign(j5=TEXTS), "--voters", "j1", "j2", "j3")[::2] == (0, "")
    few = VOTES[["j1", "j2", "j3"]]
    assert_probabilities(LabelModelClassifier().fit(few).predict_proba(few))


def test_a_name_that_is_mistyped_is_guessed(label):
    assert "Did you mean 'j1'?" in label(VOTES, "--id", "J1")[2]


def test_words_for_no_vote_are_no_scores(label):
    table = VOTES.assign(rating=np.where(np.arange(60) % 4, TRUTH.astype(str), "unsure"))
    assert label(table, "--scores", "rating", "--abstain", "unsure")[::2] == (0, "")


# A row for each vote ------------------------------------------------------------------------------


def test_a_long_table_gives_the_labels_of_its_matrix(label):
    L, tasks, _ = votes_from_long(LONG, row="task", voter="worker", label="answer")
    assert label(LONG, "--long", "task", "worker", "answer")[::2] == (0, "")
    labels = pd.read_csv("labels.csv", index_col="task")
    assert labels.index.tolist() == LONG["task"].unique().tolist()
    expected = LabelModelClassifier().fit(L).predict_proba(L)
    np.testing.assert_allclose(labels.loc[tasks].iloc[:, 1:], expected, rtol=0, atol=5.1e-5)


def test_a_task_without_an_answer_has_no_label(label):
    more = pd.concat([LONG, pd.DataFrame({"task": ["t99"], "worker": ["j1"], "answer": ["-1"]})])
    assert label(more, "--long", "task", "worker", "answer")[::2] == (0, "")
    assert pd.read_csv("labels.csv").iloc[-1][["task", "label"]].isna().tolist() == [False, True]


@pytest.mark.parametrize("repeats", ["last", "first"])
def test_which_of_several_answers_counts(label, repeats):
    again = pd.concat([LONG, LONG.assign(answer="spam")])
    _, _, errors = label(again, "--long", "task", "worker", "answer", "--repeats", repeats)
    found = pd.read_csv("labels.csv")["label"]
    assert (set(found) == {"spam"}) == (repeats == "last")
    assert ("--repeats first or majority chooses otherwise" in errors) == (repeats == "last")


def test_gold_labels_of_tasks_anchor(label):
    gold = dict(zip(sorted(set(LONG["task"])), GOLD[:60], strict=False))
    table = LONG.assign(truth=[gold[task] if task < "t30" else None for task in LONG["task"]])
    assert label(table, "--long", "task", "worker", "answer", "--gold", "truth")[0] == 0
    L, tasks, _ = votes_from_long(LONG, row="task", voter="worker", label="answer")
    y = [gold[task] if task < "t30" else None for task in tasks]
    L = L.reset_index(drop=True)
    expected = LabelModelClassifier().fit(L, y).predict_proba(L)
    labels = pd.read_csv("labels.csv", index_col="task").loc[tasks]
    np.testing.assert_allclose(labels.iloc[:, 1:], expected, rtol=0, atol=5.1e-5)


LONG_FAULTS = {
    "no such column": (LONG, ["task", "worker", "anwser"], "Did you mean 'answer'?"),
    "twice": (LONG, ["task", "task", "answer"], "'task' is given twice"),
    "no worker": (LONG.assign(worker=""), ["task", "worker", "answer"], "column 'worker'"),
    "two gold labels": (
        LONG.assign(truth=np.arange(len(LONG))),
        ["task", "worker", "answer", "--gold", "truth"],
        "has more than one gold label",
    ),
    "again": (pd.concat([LONG, LONG]), ["task", "worker", "answer", "--repeats", "error"], "--repeats last"),
}  # fmt: skip


@pytest.mark.parametrize(("table", "arguments", "message"), LONG_FAULTS.values(), ids=LONG_FAULTS)
def test_a_fault_of_a_long_table_is_told_in_options(label, table, arguments, message):
    status, _, errors = label(table, "--long", *arguments)
    assert status == 2
    assert message in errors
    assert "votes_from_long" not in errors


def test_a_large_crowd_is_labelled_and_its_workers_are_named(label):
    rng = np.random.default_rng(0)
    task = np.arange(10_000) % 5000
    workers = [f"w{each:04}" for each in rng.permutation(10_000) % 2500]
    table = pd.DataFrame({"task": task, "worker": workers, "answer": task % 2})
    status, output, _ = label(table, "--majority", "--long", "task", "worker", "answer")
    assert status == 0
    assert "(40 of 2,500 voters, those trusted least)" in output
    assert pd.read_csv("labels.csv")["label"].tolist() == [row % 2 for row in range(5000)]


@pytest.mark.parametrize("name", ["self", "other", "columns"])
def test_a_column_has_any_name(label, name):
    assert label(VOTES.rename(columns={"j1": name}))[::2] == (0, "")
    table = LONG.rename(columns={"answer": name})
    assert label(table, "--long", "task", "worker", name)[::2] == (0, "")


# What is printed ----------------------------------------------------------------------------------


def test_agreement_and_findings_are_printed(label):
    inverted = VOTES.assign(j5=NAMES[1 - TRUTH])
    _, output, _ = label(inverted)
    assert "Krippendorff's alpha (nominal)" in output
    assert "LF 'j5' votes against the others" in output


@pytest.mark.parametrize("level", ["ordinal", "interval"])
def test_the_level_of_agreement_is_chosen(label, level):
    ratings = pd.DataFrame(np.where(CODES < 0, -1, CODES + 1), columns=VOTES.columns)
    assert f"alpha ({level})" in label(ratings, "--level", level)[1]


def test_what_scores_mean_is_printed(label):
    rng = np.random.default_rng(0)
    ratings = np.round(3 + 4 * TRUTH[:, None] + rng.normal(size=(60, 3)), 1)
    table = pd.DataFrame(ratings, columns=["r1", "r2", "r3"])
    status, output, _ = label(table, "--scores", "all", "--classes", "ham,spam")
    assert status == 0
    assert next(line for line in output.splitlines() if "share" in line).split()[-3:] == [
        "share",
        "ham",
        "spam",
    ]
