"""The project's tasks: `nox -l` lists them, `nox -s NAME` runs one in an environment of its own, kept in .nox.

`nox --no-venv --no-install -s NAME` runs one in the environment that you are in, which holds ".[dev]".
"""

import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "venv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["fast", "lint"]

TESTED = nox.param("constraints.txt", id="tested")
OLDEST = nox.param("constraints-oldest.txt", id="oldest")
# The tests of what users type.
QUICK = ["-n", "2", "tests/journeys"]
# Ruff sees to the Python files.
TEXTS = [
    "*.md",
    "*.txt",
    "*.toml",
    "*.cfg",
    ".*.yaml",
    "*.cff",
    "*.in",
    ".ci/*",
    ".github/workflows/*",
    "benchmarks/*.md",
    "benchmarks/*.txt",
    "docs/*.*",
    "docs/_static/*",
    "docs/guide/*",
    "docs/inventories/*",
]


def install(session, extra, constraints="constraints.txt"):
    """Install the package as users do, with an extra; what an earlier build left behind would be installed too."""
    for left_behind in ("build", "sklearn_labelmodel.egg-info"):
        shutil.rmtree(left_behind, ignore_errors=True)
    session.install("-q", "-c", constraints, f".[{extra}]")


@nox.session
def fast(session):
    """The fast tests. Arguments go to pytest: nox -s fast -- -n 2 tests/votes."""
    install(session, "test")
    session.run("pytest", "-m", "not slow", *session.posargs)


@nox.session
@nox.parametrize("constraints", [TESTED, OLDEST])
def test(session, constraints):
    """All tests, with the versions of constraints.txt, and with the oldest ones."""
    install(session, "test", constraints)
    session.run("pytest", *session.posargs)


@nox.session
def spark(session):
    """The tests that need Spark, and Java 17 or later, in an environment of their own: pandas 3 is new to PySpark."""
    pins = Path("constraints.txt").read_text(encoding="utf-8").splitlines()
    constraints = Path(session.create_tmp(), "constraints.txt")
    constraints.write_text("\n".join(pin for pin in pins if not pin.startswith("pandas==")))
    install(session, "spark,test", str(constraints))
    session.run("pytest", "-m", "spark", *session.posargs)


@nox.session
def browser(session):
    """The pages that we make, in a headless Chromium; it must be installed."""
    install(session, "test,browser")
    session.run("pytest", "-m", "browser", *session.posargs)


@nox.session
def lint(session):
    """Style and types: what the hooks of .pre-commit-config.yaml look at in a commit, of all files."""
    install(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy", "sklearn_labelmodel")
    texts = [str(path) for pattern in TEXTS for path in sorted(Path().glob(pattern))]
    session.run("end-of-file-fixer", *texts)


@nox.session
def docs(session):
    """The user guide, with the gallery, in docs/_build/html. Arguments go to sphinx-build."""
    install(session, "docs")
    session.run(
        "sphinx-build", "-q", "-W", "-b", "html", *session.posargs, "docs", "docs/_build/html"
    )


@nox.session
def package(session):
    """The sdist and the wheel, in dist: built, checked, and the tests of the one passed by the other."""
    shutil.rmtree("dist", ignore_errors=True)
    tools = ["build", "check-wheel-contents", "twine"]
    session.install("-q", "-c", "constraints.txt", *tools)
    session.run("python", "-m", "build")
    (sdist,), (wheel,) = (list(Path("dist").absolute().glob(end)) for end in ("*.tar.gz", "*.whl"))
    session.run("twine", "check", "--strict", str(sdist), str(wheel))
    session.run("check-wheel-contents", str(wheel))

    session.install("-q", "-c", "constraints.txt", f"{wheel}[test]")
    unpacked = Path(session.create_tmp()).absolute() / sdist.name.removesuffix(".tar.gz")
    shutil.rmtree(unpacked, ignore_errors=True)
    shutil.unpack_archive(sdist, unpacked.parent, filter="data")
    # Nothing but the wheel is left to import.
    shutil.rmtree(unpacked / "sklearn_labelmodel")
    with session.chdir(unpacked):
        session.run("python", "-W", "error", "-c", "from sklearn_labelmodel import *")
        session.run("pytest", "-q", "-m", "not slow", *(session.posargs or QUICK))


@nox.session
def bench(session):
    """A benchmark, by its module and arguments (speed.run --quick): nox -s bench -- quality.run --data FOLDER."""
    install(session, "plot")
    module, *arguments = session.posargs or ["speed.run", "--quick"]
    session.run("python", "-m", f"benchmarks.{module}", *arguments)
