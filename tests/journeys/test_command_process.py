"""The command as a process: pipes, full disks, signals, and what is left behind."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sklearn_labelmodel._cli.writing import PART, check_folder, staged

VOTES = "id,a,b,c\n" + "".join(f"r{row},{row % 2},{row % 2},{row % 3 % 2}\n" for row in range(30))
COMMAND = [sys.executable, "-m", "sklearn_labelmodel"]
FULL = Path("/dev/full")
posix = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "votes.csv").write_text(VOTES)
    return tmp_path


def run(*arguments, **settings):
    settings = {"capture_output": True, "text": True, **settings}
    return subprocess.run([*COMMAND, *arguments], check=False, **settings)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.slow
@posix
def test_labels_go_through_pipes(folder):
    done = run("-", "-o", "-", "--id", "id", input=VOTES)
    assert done.returncode == 0
    assert done.stdout.startswith("id,label,probability_0,probability_1\nr0,")
    assert len(done.stdout.splitlines()) == 31
    assert "30 rows written to standard output" in done.stderr


@pytest.mark.slow
@posix
def test_who_reads_one_line_loses_nothing(folder):
    reader, writer = os.pipe()
    os.close(reader)
    done = run(
        "votes.csv",
        "-o",
        "labels.csv",
        "--id",
        "id",
        capture_output=False,
        stdout=writer,
        stderr=subprocess.PIPE,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")
    assert len((folder / "labels.csv").read_text().splitlines()) == 31


@pytest.mark.slow
@pytest.mark.skipif(not FULL.exists(), reason="needs a disk that is full")
def test_a_full_disk_behind_the_summary_loses_nothing(folder):
    with FULL.open("w") as full:
        done = run(
            "votes.csv",
            "-o",
            "labels.csv",
            "--id",
            "id",
            capture_output=False,
            stdout=full,
            stderr=subprocess.PIPE,
        )
    assert done.returncode == 1
    assert "the files are written, but the summary cannot be printed" in done.stderr
    assert len((folder / "labels.csv").read_text().splitlines()) == 31


@pytest.mark.slow
@pytest.mark.skipif(not FULL.exists(), reason="needs a disk that is full")
def test_labels_that_are_not_written_whole_are_an_error(folder):
    with FULL.open("w") as full:
        done = run(
            "votes.csv",
            "-o",
            "-",
            "--id",
            "id",
            capture_output=False,
            stdout=full,
            stderr=subprocess.PIPE,
        )
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@posix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_command_without_a_trace(folder, number):
    (folder / "labels.csv").write_text("precious")
    os.mkfifo(folder / "pipe.csv")
    command = [*COMMAND, "pipe.csv", "-o", "labels.csv", "--force"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # The pipe opens when the command opens it.
    with process, open("pipe.csv", "w"):
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors == "labelmodel: error: ended before it was done.\n"
    assert names(folder) == ["labels.csv", "pipe.csv", "votes.csv"]
    assert (folder / "labels.csv").read_text() == "precious"


@posix
@pytest.mark.parametrize("library", ["numpy.version", "scipy.version"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_libraries_are_loaded_leaves_no_trace(folder, number, library):
    command = [sys.executable, "-X", "importtime", *COMMAND[1:], "votes.csv", "-o", "labels.csv"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        # Imports are told one by one, and most are still to come.
        next(line for line in process.stderr if line.split()[-1] == library)
        process.send_signal(number)
        *_, last = process.stderr
    assert process.returncode == 1
    assert last == "labelmodel: error: ended before it was done.\n"
    assert names(folder) == ["votes.csv"]


PROGRAM = """
import os, sys
from sklearn_labelmodel._cli import main

class EndWith:
    def find_spec(name, *_):
        if name == "pandas":
            os.kill(os.getpid(), int(sys.argv[1]))

sys.meta_path.insert(0, EndWith)
try:
    print(main(["votes.csv", "-o", "labels.csv"]))
finally:
    print("tidied")
"""


@posix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_program_that_called_the_command_go_on(folder, number):
    command = [sys.executable, "-c", PROGRAM, str(int(number))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "1\ntidied\n")
    assert done.stderr == "labelmodel: error: ended before it was done.\n"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["votes.csv"], ["none.csv", "-o", "l.csv"], ["votes.csv", "-o", "l"]]
)
def test_what_options_alone_tell_takes_no_large_library(folder, arguments):
    command = [sys.executable, "-X", "importtime", *COMMAND[1:], *arguments]
    told = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False).stderr
    loaded = {line.split()[-1] for line in told.splitlines() if line.startswith("import time")}
    assert "sklearn_labelmodel._cli" in loaded
    assert not loaded & {"sklearn", "pandas", "scipy", "pyarrow", "torch"}


@pytest.mark.slow
@posix
def test_who_has_logged_out_gets_labels_under_nohup(folder):
    os.mkfifo(folder / "pipe.csv")
    command = ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh", *COMMAND]
    command += ["pipe.csv", "-o", "labels.csv", "--id", "id"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        with open("pipe.csv", "w") as pipe:
            process.send_signal(signal.SIGHUP)
            pipe.write(VOTES)
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert len((folder / "labels.csv").read_text().splitlines()) == 31


@pytest.mark.slow
@posix
@pytest.mark.parametrize(
    ("closed", "arguments"),
    [("<&-", ["-", "-o", "labels.csv"]), (">&-", ["votes.csv", "-o", "-"])],
    ids=["input", "output"],
)
def test_a_closed_stream_is_told(folder, closed, arguments):
    command = ["sh", "-c", f'exec "$@" {closed}', "sh", *COMMAND, *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert re.fullmatch(
        r"labelmodel: error: standard \w+ is closed; name a file instead of '-'\.\n", done.stderr
    )


@pytest.mark.slow
@pytest.mark.skipif(not FULL.exists(), reason="needs a disk that is full")
@pytest.mark.parametrize("option", ["--save", "--report"])
def test_a_full_disk_is_named(folder, option):
    pytest.importorskip("skops")
    done = run("votes.csv", "-o", "labels.csv", "--id", "id", "--force", option, str(FULL))
    assert done.returncode == 1
    assert done.stderr == "labelmodel: error: [Errno 28] No space left on device: '/dev/full'\n"
    # Labels are safe before a report is made, and a model comes with its labels or not at all.
    assert (folder / "labels.csv").exists() == (option == "--report")


@pytest.mark.slow
@posix
def test_a_pipe_with_a_name_is_written_and_stays_one(folder):
    os.mkfifo(folder / "labels.csv")
    with subprocess.Popen(
        [*COMMAND, "votes.csv", "-o", "labels.csv", "--id", "id", "--force"], stdout=subprocess.PIPE
    ) as process:
        with open("labels.csv") as labels:
            assert len(labels.readlines()) == 31
        process.communicate(timeout=60)
    assert (folder / "labels.csv").is_fifo()
    assert names(folder) == ["labels.csv", "votes.csv"]


# Files that are written whole ---------------------------------------------------------------------


def write_half(error):
    with staged() as files:
        Path(files.part("labels.csv")).write_text("half")
        Path(files.part("report.html")).write_text("whole")
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_what_is_not_whole_gets_no_name(folder, error):
    (folder / "labels.csv").write_text("precious")
    with pytest.raises(error):
        write_half(error)
    assert names(folder) == ["labels.csv", "votes.csv"]
    assert (folder / "labels.csv").read_text() == "precious"


LEAVE = """
import os, signal
from sklearn_labelmodel._cli.writing import Staged
Staged().part("labels.csv")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
@posix
def test_what_a_killed_run_left_is_cleared_by_the_next(folder):
    subprocess.run([sys.executable, "-c", LEAVE], check=False)
    assert [name for name in names(folder) if name.endswith(PART)]
    check_folder("other.csv")
    assert names(folder) == ["votes.csv"]


@posix
def test_what_another_run_is_writing_is_left_alone(folder):
    with staged() as files:
        Path(files.part("labels.csv")).write_text("whole")
        check_folder("labels.csv")
    assert (folder / "labels.csv").read_text() == "whole"
    assert names(folder) == ["labels.csv", "votes.csv"]
