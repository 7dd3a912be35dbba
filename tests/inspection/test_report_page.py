"""The report's exits, what they show, drift, and what is ignored; how a page looks in a browser is in tests/browser."""

import ast
import json
import re
import webbrowser
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import confusion_matrix, log_loss

from sklearn_labelmodel import DawidSkeneClassifier, LabelModelClassifier, MajorityVoteClassifier
from sklearn_labelmodel._utils.pages import DOCS
from sklearn_labelmodel.datasets import make_label_matrix
from sklearn_labelmodel.inspection import FitReport, agreement, lf_summary
from sklearn_labelmodel.inspection._page.markdown import verbatim
from sklearn_labelmodel.inspection._report import checks, drift
from sklearn_labelmodel.inspection._report.checks import SOUND
from sklearn_labelmodel.inspection._report.parts import Finding, alike

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "report.rst"
SCRIPT, PIPES = "<script>alert(1)</script>", "a|b`c`\n*d* $5 or $9"


@pytest.fixture(scope="module")
def data():
    accuracy = [0.9, 0.85, 0.8, 0.8, 0.75, 0.2]
    return make_label_matrix(600, 6, accuracy=accuracy, coverage=0.6, random_state=0)


@pytest.fixture(scope="module")
def frame(data):
    """Votes of LFs with strange names, one of which is upside down, one a copy, one one-sided."""
    L = pd.DataFrame(data.L, columns=[SCRIPT, PIPES, "c", "d", "e", "f"]).astype(object)
    L = L.replace({-1: None, 0: "ham", 1: "<b>spam"})
    L["copy"], L["one"] = L["c"], L["d"].where(L["d"] == "ham", None)
    L.index = [f"task {i}" for i in range(600)]
    return L


@pytest.fixture(scope="module")
def model(frame):
    return LabelModelClassifier().fit(frame)


@pytest.fixture(scope="module")
def y(data):
    return np.array(["ham", "<b>spam"], dtype=object)[data.y]


@pytest.fixture(scope="module")
def report(model, frame, y):
    return model.report(frame, y, reference=frame.iloc[:300].assign(e=None), ignore=["one-sided"])


def codes(report):
    return [finding.code for finding in report.findings]


# Exits --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exit_", ["html", "markdown", "json"])
def test_an_exit_writes_to_a_path_what_it_returns_without_one(report, exit_, tmp_path):
    path = tmp_path / "report"
    to = getattr(report, f"to_{exit_}")
    assert to(path) is None
    assert path.read_text(encoding="utf-8") == to()


def test_a_path_that_cannot_be_written_is_named(report, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        report.to_html(tmp_path / "nowhere" / "report.html")


def test_open_shows_the_page(report, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    path = Path(report.open())
    assert opened == [path.as_uri()]
    assert path.read_text(encoding="utf-8") == report.to_html()
    path.unlink()


class Tags(HTMLParser):
    """Tags that are opened and closed, and addresses that they name."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.addresses = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("href", "src", "srcset")]
        if tag != "meta" and tag != "wbr" and tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("html", [FitReport.to_html, FitReport._repr_html_], ids=["page", "piece"])
def test_every_tag_is_closed_none_is_a_script_and_nothing_is_fetched(report, html):
    tags = Tags(html(report).replace("<!DOCTYPE html>", ""))
    assert tags.open == []
    assert not {"script", "link", "img", "iframe", "object"} & set(tags.tags)
    assert "url(" not in html(report)
    assert "@import" not in html(report)
    assert all(address.startswith(DOCS) for address in tags.addresses)


def test_every_rule_of_the_style_is_inside_the_report(report):
    (style,) = re.findall("<style>(.*)</style>", report._repr_html_(), flags=re.DOTALL)
    rules = re.findall(r"([^{}]+)\{[^{}]*\}", re.sub(r"@media[^{]*\{", "", style))
    selectors = [each.strip() for rule in rules for each in rule.split(",")]
    assert len(selectors) > 50
    assert [each for each in selectors if ".slm-report" not in each.strip("}")] == []


def test_mathjax_is_told_to_leave_it_alone(report):
    assert 'class="slm-report tex2jax_ignore mathjax_ignore"' in report._repr_html_()


def test_names_are_escaped_on_the_page(report):
    html = report.to_html()
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<b>spam" not in html


def test_an_lf_whose_number_begins_with_anothers_is_named_whole():
    fitted = MajorityVoteClassifier().fit(make_label_matrix(50, 12, random_state=0).L).report_
    found = Finding("near-duplicate", "info", 11, "LF 11 nearly repeats LF 1", "drop one")
    report = replace(fitted, findings=(found,))
    assert "`LF 11` nearly repeats `LF 1`;" in report.to_markdown()
    assert "<bdi>LF 11</bdi> nearly repeats <bdi>LF 1</bdi>." in report.to_html()


def test_sections_are_in_order(report):
    shown = re.findall(r"<h2[^>]*>(.*?)</h2>", report.to_html())
    assert shown == [
        "Findings",
        "What was checked",
        "Accuracy and coverage",
        "How the LFs agree",
        "Class shares",
        "Against gold labels",
        "The most contested rows",
        "What drifted",
        "Settings and versions",
    ]
    written = re.findall(r"^## (.*)$", report.to_markdown(), flags=re.MULTILINE)
    assert written == shown


def test_a_report_without_a_look_at_votes_shows_what_there_is(model):
    html = model.report_.to_html()
    assert "as far as fit can tell" in html
    assert "The most contested rows" not in html
    assert FitReport.from_json(model.report_.to_json()).to_html() == html


# Markdown -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("$5 or $9", "`$5 or $9`"),
        ("<b>", "`<b>`"),
        ("a|b", "`a\\|b`"),
        ("a\nb", "`a b`"),
        ("`a`", "`` `a` ``"),
        ("", "`  `"),
        (7, "`7`"),
    ],
)
def test_names_in_markdown_are_code(name, written):
    assert verbatim(name) == written


def test_rows_of_a_table_have_as_many_cells_as_its_head(report):
    tables = re.findall(r"(?:^\|.*\n)+", report.to_markdown(), flags=re.MULTILINE)
    assert len(tables) > 5
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


@pytest.mark.parametrize(
    ("page", "markdown"),
    [
        ("Agreement of two LFs", "Share of common rows, alike"),
        ("LFs that changed most since the reference", "## What drifted"),
    ],
)
def test_tables_of_the_page_are_in_the_markdown(report, page, markdown):
    _, after = report.to_html().split(f"<caption>{page}</caption>")
    shown = after.partition("</tbody>")[0]
    expected = re.findall(r"<td[^>]*>([^<]*)</td>", shown)
    _, below = report.to_markdown().split(markdown)
    lines = re.search(r"\|.*\n\| ---.*\n((?:\|.*\n)+)", below)[1].splitlines()
    written = [cell.strip() for line in lines for cell in re.split(r"(?<!\\)\|", line)[2:-1]]
    assert written == expected
    assert len(written) > 10


# JSON ---------------------------------------------------------------------------------------------


def test_json_makes_the_same_report_again(report):
    again = FitReport.from_json(report.to_json())
    assert again.to_json() == report.to_json()
    assert again.to_html() == report.to_html()
    assert str(again) == str(report)
    assert again.findings == report.findings
    pd.testing.assert_frame_equal(again.lfs, report.lfs)
    pd.testing.assert_frame_equal(again.drift, report.drift)


def test_json_is_read_from_a_file_too(report, tmp_path):
    path = tmp_path / "report.json"
    report.to_json(path)
    for source in (path, str(path)):
        assert FitReport.from_json(source).findings == report.findings


@pytest.mark.parametrize(
    "Model", [LabelModelClassifier, DawidSkeneClassifier, MajorityVoteClassifier]
)
def test_names_that_are_tuples_and_numbers_come_back(data, Model):
    names = [("group", 1), ("group", 2), 7, "x", True, 2.5]
    L = pd.DataFrame(data.L)
    L.columns = pd.Index(names, tupleize_cols=False)
    report = Model().fit(L).report(L)
    again = FitReport.from_json(report.to_json())
    assert again.lfs.index.tolist() == report.lfs.index.tolist() == names
    assert again.findings == report.findings


def test_the_schema_is_that_of_the_guide(report):
    written = json.loads(report.to_json())
    section = (
        GUIDE.read_text(encoding="utf-8").split("A report as JSON\n")[1].split("How far to")[0]
    )
    keys = re.findall(r"^   \* - (``.*``)$", section, flags=re.MULTILINE)
    assert set(re.findall(r"``(\w+)``", " ".join(keys))) == set(written)
    for part in ("findings", "votes", "checks", "contested"):
        assert all(f"``{key}``" in section for key in written[part][0])
    for part in ("pairs", "gold"):
        assert all(f"``{key}``" in section for key in written[part])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "This is no JSON"),
        ("[]", "no fit report"),
        ('{"schema": "other"}', "no fit report"),
        (
            '{"schema": "sklearn_labelmodel.fit_report", "version": 2, "settings": {"sklearn-labelmodel": "9.9"}}',
            "version 2 of the schema.*sklearn-labelmodel 9.9",
        ),
    ],
)
def test_what_is_no_report_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        FitReport.from_json(text)


# Codes --------------------------------------------------------------------------------------------


def codes_of(module):
    """The codes that the source of a module gives to findings."""
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    return {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Finding"
    }


def test_every_code_that_a_check_emits_is_known_and_has_an_anchor():
    emitted = codes_of(checks) | codes_of(drift)
    headings = re.findall(r"^([a-z-]+)\n~+$", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert emitted == set(SOUND) == set(headings)
    assert len(headings) == len(set(headings))


def test_a_finding_leads_to_its_anchor(report):
    assert report.findings[0].url == f"{DOCS}guide/report.html#{report.findings[0].code}"


def test_what_is_ignored_is_not_told_but_said_to_be_ignored(model, frame):
    told, ignored = model.report(frame), model.report(frame, ignore=["one-sided"])
    assert "one-sided" in codes(told)
    assert codes(ignored) == [code for code in codes(told) if code != "one-sided"]
    (check,) = [check for check in ignored.checks if check.code == "one-sided"]
    assert (check.state, check.why) == ("ignored", "1 found")
    assert "one-sided" not in "".join(ignored.lfs["findings"])


def test_an_unknown_code_cannot_be_ignored(model, frame):
    with pytest.raises(
        ValueError, match="ignore names 'onesided', which is the code of no finding"
    ):
        model.report(frame, ignore=["onesided"])


def test_every_check_has_an_outcome(report):
    states = {check.code: check.state for check in report.checks}
    assert set(states) == set(SOUND)
    assert {code for code, state in states.items() if state == "found"} == set(codes(report))
    assert states["never-votes"] == "passed"
    assert all(check.why for check in report.checks if check.state in ("not checked", "ignored"))


def test_one_sided_rules_have_no_accuracy_to_be_checked(data):
    L = np.where(np.arange(6) % 2 == data.L, data.L, -1)
    checks = LabelModelClassifier().fit(L).report(L).checks
    (below,) = [check for check in checks if check.code == "below-chance"]
    assert below == ("below-chance", SOUND["below-chance"], "not checked", below.why)
    assert "one-sided (6)" in below.why


def test_findings_of_unlike_severity_are_told_apart():
    one = Finding("near-duplicate", "warning", "a", "LF 'a' repeats", "merge the two")
    told = [
        len(group) for group in alike((one, replace(one, lf="b"), replace(one, severity="info")))
    ]
    assert told == [2, 1]


# Remedies -----------------------------------------------------------------------------------------


def test_no_remedy_is_to_drop_what_the_model_weighs():
    source = Path(checks.__file__).read_text(encoding="utf-8")
    assert not re.search(r"\bdrop\b", source)


def test_a_score_column_that_is_upside_down_is_to_be_turned_not_swapped():
    rng = np.random.RandomState(0)
    y = rng.randint(2, size=1000)
    ratings = 4 + 2 * y[:, None] * [1, 1, 1, 1, -1] + rng.randn(1000, 5)
    report = LabelModelClassifier(classes=[0, 1], scores="all").fit(ratings).report(ratings)
    (finding,) = [found for found in report.findings if found.code == "inverted"]
    assert finding.lf == 4
    assert "read it upside down" in finding.remedy
    assert "swap" not in finding.remedy


def test_what_would_be_without_an_lf_is_counted(model, frame, report):
    (finding,) = [found for found in report.findings if found.code == "inverted"]
    silenced = model.predict(frame.assign(f=None))
    assert finding.without == np.mean(silenced != model.predict(frame)) > 0
    assert_allclose(report.lfs["without"]["f"], finding.without)


def test_example_rows_are_those_in_which_the_lf_votes_against_the_label(model, frame, report):
    (finding,) = [found for found in report.findings if found.code == "inverted"]
    label = pd.Series(model.predict(frame), index=frame.index)
    assert len(finding.rows) == 3
    for row in finding.rows:
        assert frame.loc[row, "f"] not in (None, label[row])


# Rows, pairs, gold labels -------------------------------------------------------------------------


def test_contested_rows_are_explained_as_explain_does(model, frame, report):
    proba = pd.DataFrame(model.predict_proba(frame), index=frame.index, columns=model.classes_)
    assert len(report.contested) == 5
    gaps = [row.p_label - row.p_rival for row in report.contested]
    assert gaps == sorted(gaps)
    for row in report.contested:
        explained = model.explain(frame.loc[[row.row]])
        assert_allclose(row.p_label, proba.loc[row.row, row.label])
        weights = {each.lf: each.weight for each in row.evidence[1:]}
        votes = explained.drop(index="class prior")
        assert_allclose(pd.Series(weights)[votes.index], votes[row.label] - votes[row.rival])
        assert {each.lf: each.vote for each in row.evidence[1:]} == votes["vote"].to_dict()


def test_alpha_is_that_of_agreement(data):
    report = LabelModelClassifier().fit(data.L).report(data.L)
    assert_allclose(report.model.alpha.alpha, agreement(data.L, n_bootstrap=0).alpha)
    assert report.model.alpha.low < report.model.alpha.alpha < report.model.alpha.high


def test_gold_labels_are_held_against_labels_as_scikit_learn_does(model, frame, y, report):
    proba, classes = model.predict_proba(frame), model.classes_.tolist()
    assert report.gold.accuracy == np.mean(model.predict(frame) == y)
    assert_allclose(report.gold.log_loss, log_loss(y.astype(str), proba, labels=classes))
    expected = confusion_matrix(y.astype(str), model.predict(frame).astype(str), labels=classes)
    assert report.gold.confusion.tolist() == expected.tolist()
    assert report.gold.reliability[:, 2].sum() == 600
    summary = lf_summary(frame, y)
    assert_allclose(report.lfs[["correct", "incorrect"]], summary[["correct", "incorrect"]])


def test_only_labelled_rows_count(model, frame, y):
    some = np.where(np.arange(600) < 50, y, None)
    gold = model.report(frame, some).gold
    assert gold.n_rows == 50
    assert gold.accuracy == np.mean(model.predict(frame)[:50] == y[:50])


def test_gold_labels_change_no_finding(model, frame, y):
    assert model.report(frame, y).findings == model.report(frame).findings


def test_agreement_of_pairs_is_a_share_of_common_rows(frame, report):
    pairs, L = report.pairs, frame.to_numpy()
    assert not pairs.meeting
    both = frame[["c", "d"]].dropna()
    assert_allclose(pairs.table[2, 3], (both["c"] == both["d"]).mean())
    assert np.isnan(np.diagonal(pairs.table)).all()
    best = pairs.alike[0]
    assert {best.first, best.second} == {"c", "copy"}
    assert best.rows == pd.Series(L[:, 2]).notna().sum()


def test_of_one_sided_rules_it_is_told_how_often_they_meet(data):
    L = np.where(np.arange(6) % 2 == data.L, data.L, -1)
    pairs = LabelModelClassifier().fit(L).report(L).pairs
    assert pairs.meeting
    votes = L >= 0
    met = (votes[:, 0] & votes[:, 2]).mean() / votes[:, 0].mean() / votes[:, 2].mean()
    assert_allclose(pairs.table[0, 2], met)
    assert all(pair.agreement == 1 and pair.lift > 1 for pair in pairs.alike)
    assert all(pair.agreement == 0 and pair.lift > 1 for pair in pairs.at_odds)


# Drift --------------------------------------------------------------------------------------------


def drifted(report):
    return {(found.code, found.lf) for found in report.findings if found.code.startswith("drift")}


def test_the_same_votes_do_not_drift(model, frame):
    again = model.report(frame, reference=model.report(frame))
    assert drifted(again) == set()
    assert_allclose(again.drift["votes_moved"], 0)
    assert {c.state for c in again.checks if c.code.startswith("drift")} == {"passed"}


def test_halves_of_the_rows_do_not_drift(data):
    model = LabelModelClassifier().fit(data.L)
    assert drifted(model.report(data.L[:300], reference=data.L[300:])) == set()


def test_what_changed_is_found_by_its_kind(data):
    model, new = LabelModelClassifier().fit(data.L), data.L.copy()
    new[::2, 0] = -1
    new[:, 1] = np.where(new[:, 1] == 0, -1, new[:, 1])
    new[:, 2] = np.where(new[:, 2] >= 0, 1 - new[:, 2], -1)
    found = drifted(model.report(new, reference=model.report(data.L)))
    assert ("drifted-coverage", 0) in found
    assert ("drifted-votes", 1) in found
    assert ("drifted-agreement", 2) in found
    assert {lf for _, lf in found} <= {0, 1, 2}


def test_a_reference_may_be_read_from_a_file(model, frame, tmp_path):
    path = tmp_path / "then.json"
    model.report(frame).to_json(path)
    new = frame.assign(c=None)
    report = model.report(new, reference=FitReport.from_json(path))
    assert ("drifted-coverage", "c") in drifted(report)


def test_votes_that_are_no_reference_are_named_as_it(model, frame):
    with pytest.raises(ValueError, match=r"^reference: The feature names"):
        model.report(frame, reference=frame.iloc[:, :2])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
@pytest.mark.parametrize("exit_name", ["to_html", "to_markdown", "to_json"])
def test_a_disk_that_is_full_is_named(model, exit_name):
    with pytest.raises(OSError, match="No space left on device: '/dev/full'"):
        getattr(model.report_, exit_name)("/dev/full")


def test_a_reference_on_other_lfs_is_refused(model, frame, data):
    other = LabelModelClassifier().fit(data.L).report(data.L)
    with pytest.raises(ValueError, match="The reference has none of these LFs: its first is LF 0"):
        model.report(frame, reference=other)


@pytest.mark.parametrize(
    ("n_rows", "before", "now", "found"),
    [(10_000, 0.5, 0.551, True), (10_000, 0.5, 0.549, False), (200, 0.5, 0.6, False)],
    ids=["more than 5 points", "less", "few rows"],
)
def test_coverage_drifts_by_five_points_and_by_no_accident(n_rows, before, now, found):
    numbers = {"coverage": now, "coverage_before": before, "votes_moved": 0.0, "p_votes": 1.0}
    numbers |= dict.fromkeys(["agreement", "agreement_before"], 0.7)
    numbers |= dict.fromkeys(["votes", "votes_before"], 100.0)
    table = pd.DataFrame({key: [value] for key, value in numbers.items()}, index=["a"])
    assert bool(drift.drift_findings(table, n_rows, n_rows)) == found


# Votes for several classes ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def with_sets():
    """Three classes; the last LF says "animal" for two of them. Model, votes, truth."""
    data = make_label_matrix(800, 5, 3, accuracy=0.8, random_state=0)
    names = np.array(["cat", "dog", "car"], dtype=object)
    L = pd.DataFrame(np.where(data.L < 0, None, names[data.L]), columns=list("abcde"))
    L["sets"] = np.where(data.y < 2, "animal", "car")
    model = LabelModelClassifier(vote_meanings={"animal": ["cat", "dog"]}).fit(L)
    return model, L, names[data.y]


def test_a_vote_that_leaves_the_right_class_open_is_right(with_sets):
    model, L, y = with_sets
    report, summary = model.report(L, y), lf_summary(L, y, model)
    for table in (report.lfs, summary):
        assert table.loc["sets", ["correct", "incorrect"]].tolist() == [800, 0]
    assert report.lfs.loc["sets", "reason"] == "votes for several classes at once"
    assert "sets" not in [finding.lf for finding in report.findings]
    assert "no class" not in report.to_html()


def test_a_vote_conflicts_only_with_those_that_share_no_class_with_it(with_sets):
    model, L, _ = with_sets
    rows = L[["a", "sets"]]
    model = LabelModelClassifier(vote_meanings=model.vote_meanings).fit(
        L.assign(**dict.fromkeys("bcde"))
    )
    summary = lf_summary(L.assign(**dict.fromkeys("bcde")), label_model=model)
    animal = rows["sets"] == "animal"
    apart = rows["a"].notna() & (animal == (rows["a"] == "car"))
    assert_allclose(summary["conflicts"]["sets"], apart.mean())


def test_sets_agree_on_the_page_with_what_they_leave_open(with_sets):
    model, L, _ = with_sets
    both = L[["a", "sets"]].dropna()
    agree = (both["sets"] == "animal") != (both["a"] == "car")
    assert_allclose(model.report(L).pairs.table[0, 5], agree.mean())


# Explanations and summaries -----------------------------------------------------------------------


def test_an_explanation_and_a_summary_draw_themselves_and_are_tables_in_all_else(model, frame, y):
    for table in (model.explain(frame.iloc[[0]]), lf_summary(frame, y, model)):
        assert isinstance(table, pd.DataFrame)
        assert type(table.round(2)) is type(table.copy()) is pd.DataFrame
        html = table._repr_html_()
        assert Tags(html).open == []
        assert html.count("<svg") >= len(table)
        assert "<script" not in html
        assert "█" in repr(table)


@pytest.mark.parametrize("labels", [(False, True), ("vote", "no"), (1, 0)], ids=str)
@pytest.mark.parametrize(
    "kind", [LabelModelClassifier, DawidSkeneClassifier, MajorityVoteClassifier]
)
def test_an_explanation_draws_itself_whatever_the_classes_are_called(data, kind, labels):
    L = pd.DataFrame(data.L).apply(lambda votes: votes.map(dict(enumerate(labels))))
    model = kind().fit(L)
    explained, label = model.explain(L.iloc[[0]]), model.predict(L.iloc[[0]])[0]
    (rival,) = set(labels) - {label}
    assert repr(explained).splitlines()[0].endswith(f"for {rival} | for {label}")
    first = f'<p class="slm-subtitle"><bdi class="slm-name">{label}</bdi>'
    for html in (explained._repr_html_(), model.report(L).to_html(), lf_summary(L)._repr_html_()):
        assert Tags(html).open == []
        assert f">{rival}</bdi>" in html
    assert first in explained._repr_html_()


def test_the_bars_of_an_explanation_lean_to_the_label(model, frame):
    explained = model.explain(frame.iloc[[3]])
    label = model.predict(frame.iloc[[3]])[0]
    lines = {line.split()[0]: line for line in repr(explained).splitlines()[2:]}
    for lf in explained.index.intersection(list("cdef")):
        left, right = lines[lf].split("|")
        supports = explained.loc[lf, "vote"] == label if lf != "f" else None
        if supports is not None:
            assert ("█" in right) == supports
            assert ("█" in left) != supports


def test_many_lfs_are_drawn_in_part():
    data = make_label_matrix(500, 80, coverage=0.2, random_state=0)
    html = lf_summary(data.L)._repr_html_()
    assert "20 LFs more are not drawn" in html
    report = LabelModelClassifier().fit(data.L).report(data.L)
    assert "The 12 most accurate" in report.to_html()
    assert "48 LFs more are in report.lfs" in report.to_html()
    assert report.pairs.lfs == ()
