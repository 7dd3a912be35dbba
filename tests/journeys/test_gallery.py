import os
import re
import runpy
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from sklearn.base import BaseEstimator

import sklearn_labelmodel
from sklearn_labelmodel import datasets, end_model, inspection, labeling
from sklearn_labelmodel._utils.pages import DOCS as DOCS_ADDRESS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
EXAMPLES = sorted((ROOT / "examples").glob("plot_*.py"))
PAGES = sorted(path for path in [*DOCS.glob("*.rst"), *DOCS.glob("guide/*.rst")])
BLOCK = re.compile(r"^\.\. test(code|output)::\n\n((?:(?:   .*)?\n)+)", flags=re.MULTILINE)
MODULES = [sklearn_labelmodel, datasets, end_model, inspection, labeling]
NO_PAGE = {"ABSTAIN"}
PUBLIC = {getattr(module, name) for module in MODULES for name in module.__all__}
ESTIMATORS = sorted(
    (it for it in PUBLIC if isinstance(it, type) and issubclass(it, BaseEstimator)),
    key=lambda estimator: estimator.__name__,
)
pytestmark = pytest.mark.docs


def blocks(page):
    """Code blocks of a page, each with the output that the page promises, if it does."""
    found = []
    for kind, indented in BLOCK.findall(page.read_text(encoding="utf-8") + "\n"):
        text = textwrap.dedent(indented).strip("\n")
        if kind == "code":
            found.append([text, None])
        else:
            found[-1][1] = text
    return found


def without_trailing_blanks(text):
    return [line.rstrip() for line in text.strip("\n").splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs_and_draws(path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("Agg")
    try:
        runpy.run_path(str(path), run_name="__main__")
        assert plt.get_fignums()
    finally:
        plt.close("all")


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p)], ids=lambda page: page.stem)
def test_page_prints_what_it_says(page, capsys):
    names = {}
    for code, output in blocks(page):
        exec(compile(code, str(page), "exec"), names)
        printed = without_trailing_blanks(capsys.readouterr().out)
        assert printed == ([] if output is None else without_trailing_blanks(output))


@pytest.mark.slow
def test_the_console_command_of_the_docs(tmp_path):
    page = (DOCS / "guide" / "command_line.rst").read_text(encoding="utf-8")
    command = ["-m", "sklearn_labelmodel", *re.search(r"\$ labelmodel (.*)", page).group(1).split()]
    votes = (DOCS / "guide" / "votes.csv").read_text(encoding="utf-8")
    (tmp_path / "votes.csv").write_text(votes, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *command], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    written = (tmp_path / "labels.csv").read_text(encoding="utf-8").splitlines()
    assert written[0] == "id,label,probability_ham,probability_spam"
    assert len(written) == len(votes.splitlines())


def test_the_reference_lists_the_public_names():
    reference = (DOCS / "api.rst").read_text(encoding="utf-8")
    listed = re.findall(r"^   (\w+)$", reference, flags=re.MULTILINE)
    public = {name for module in MODULES for name in module.__all__}
    assert sorted(listed) == sorted(public - NO_PAGE)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_guide_leads_to_every_example(path):
    label = f":ref:`sphx_glr_auto_examples_{path.stem}.py`"
    assert any(label in page.read_text(encoding="utf-8") for page in PAGES)


def reference_pages():
    """Pages of the reference, by the name of what they are about."""
    reference = (DOCS / "api.rst").read_text(encoding="utf-8")
    sections = re.split(r"^\.\. (?:module|currentmodule):: (\S+)$", reference, flags=re.MULTILINE)
    return {
        name: f"{DOCS_ADDRESS}generated/{module}.{name}.html"
        for module, section in zip(sections[1::2], sections[2::2], strict=True)
        for name in re.findall(r"^   (\w+)$", section, flags=re.MULTILINE)
    }


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda estimator: estimator.__name__)
def test_the_question_mark_in_a_notebook_leads_to_the_page_of_the_class(estimator):
    link = estimator._get_doc_link(estimator.__new__(estimator))
    assert link == reference_pages()[estimator.__name__]
