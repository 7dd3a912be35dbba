"""What CONTRIBUTING.md, noxfile.py, the hooks and .ci/run say of each other."""

import ast
import re
from pathlib import Path

import pandas as pd
import pytest

from sklearn_labelmodel import MajorityVoteClassifier

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TASKS = {
    node.name: ast.unparse(node)
    for node in ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8")).body
    if isinstance(node, ast.FunctionDef) and node.decorator_list
}


def test_the_page_names_every_task():
    assert set(re.findall(r"\| `(\w+)` \|$", PAGE, flags=re.MULTILINE)) == set(TASKS)


def test_ci_runs_every_task():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    listed = re.search(r"for task in (.*); do", script).group(1)
    called = re.findall(r'"(\w+)', listed) + re.findall(r"nox .*-s '(\w+)", script)
    assert sorted(called) == sorted(TASKS)


def test_the_hooks_are_the_commands_of_lint():
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    commands = [entry.split()[:2] for entry in re.findall(r"entry: (.*)", hooks)]
    run = re.findall(r"session\.run\((.*)\)", TASKS["lint"])
    words = [re.findall(r"'([^']+)'", arguments) for arguments in run]
    assert commands == [found[: len(hook)] for found, hook in zip(words, commands, strict=True)]


def test_the_message_that_the_page_shows_is_what_users_read():
    shown = re.search(r"^> (LF .*\n> .*)$", PAGE, flags=re.MULTILINE).group(1)
    votes = pd.DataFrame({"judge_b": ["yes", "no"] * 8 + ["no", "Yes "]})
    with pytest.raises(ValueError, match=re.escape(shown.replace("\n> ", " "))):
        MajorityVoteClassifier(classes=["no", "yes"]).fit(votes)


def test_the_workflow_runs_on_the_versions_of_python_that_are_claimed():
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    claimed = re.findall(r"Python :: (3\.\d+)", project)
    tested = re.search(r"python: \[(.*)\]", workflow).group(1)
    assert re.findall(r"[\d.]+", tested) == claimed
    assert re.search(r'requires-python = ">=(.*)"', project).group(1) == claimed[0]
    assert re.findall(r"- run: (.*)", workflow) == ["bash .ci/run"]


def test_the_versions_of_scikit_learn_that_the_page_names_are_those_tested():
    named = re.findall(r"with scikit-learn ([\d.]+\d)", PAGE)
    files = ["constraints.txt", "constraints-oldest.txt"]
    pins = [(ROOT / name).read_text(encoding="utf-8") for name in files]
    tested = [re.search(r"^scikit-learn==(\d+\.\d+)", pin, re.MULTILINE).group(1) for pin in pins]
    assert named == tested
