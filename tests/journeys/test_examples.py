import os
import subprocess
import sys
from pathlib import Path

import pytest

# The gallery's scripts, plot_*.py, need matplotlib and are run once, by .ci/run.
ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "examples").glob("*.py"))
EXAMPLES = [path for path in SCRIPTS if not path.stem.startswith("plot_")]
pytestmark = [pytest.mark.docs, pytest.mark.slow]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_prints_its_table_and_warns_of_nothing(path, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", path],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    assert len(done.stdout.splitlines()) > 4
