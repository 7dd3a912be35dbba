"""The page of the guide on the command, and what it shows."""

import re
import shlex
from pathlib import Path

import pytest

from sklearn_labelmodel._cli import main
from sklearn_labelmodel._cli.options import Options, parse

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
PAGE = (GUIDE / "command_line.rst").read_text(encoding="utf-8") if GUIDE.exists() else ""
SHOWN = re.findall(r"^   \$ .*?(labelmodel [^|\n]*)", PAGE, flags=re.MULTILINE)
RUN = [line for line in SHOWN if re.match(r"labelmodel (votes|answers)\.csv", line)]
pytestmark = pytest.mark.skipif(not PAGE, reason="needs the guide")


@pytest.mark.parametrize("line", SHOWN)
def test_every_command_is_one(line):
    assert parse(shlex.split(line)[1:]).output


def test_every_option_has_a_type_that_is_checked():
    assert vars(parse(["votes.csv", "-o", "labels.csv"])).keys() == Options.__annotations__.keys()


def test_every_option_is_explained(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    options = set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out))
    assert options - set(re.findall(r"--[a-z][a-z-]+", PAGE)) == {"--output"}


@pytest.mark.parametrize(
    "line", [line for line in RUN if "--gold" not in line and "--report" not in line]
)
def test_a_command_on_the_files_that_are_shown_runs(tmp_path, monkeypatch, capsys, line):
    for name in ("votes.csv", "answers.csv"):
        (tmp_path / name).write_bytes((GUIDE / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(line)[1:]) == 0


def test_the_labels_that_are_shown_are_written(tmp_path, capsys):
    assert main([str(GUIDE / "votes.csv"), "-o", str(tmp_path / "labels.csv"), "--id", "id"]) == 0
    lines = (tmp_path / "labels.csv").read_text().splitlines()[:3]
    assert "".join(f"   {line}\n" for line in lines) in PAGE
