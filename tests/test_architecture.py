"""The house: what may import what, and how large its rooms may be.

Files are parsed, not imported: imports inside functions and under TYPE_CHECKING count like those at the top. Every
file is a node, the `__init__` files too. `from .package import name` leads to `package/name.py` where there is such a
file, else to `package/__init__.py`, which leads on to what it re-exports. (That importing a file also runs the
`__init__` files above it does not count: each public package would be a circle.)
"""

import ast
import re
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

import sklearn_labelmodel

PACKAGE = Path(sklearn_labelmodel.__file__).parent
DOCS = Path(__file__).parents[1] / "docs"

# From the ground up. A package imports from the floors below it; siblings on a floor never import each other.
FLOORS = [
    {"_utils"},
    {"_votes", "_engines", "datasets"},
    {"_evidence", "labeling"},
    {"_learning"},
    {"inspection"},
    {"_models"},
    {"end_model"},
    {"__init__", "_cli"},
    {"__main__"},
]
FLOOR = {name: number for number, names in enumerate(FLOORS, start=1) for name in names}
# The only folder that may import a library.
HOMES_OF_LIBRARIES = {
    "torch": "_learning",
    "matplotlib": "inspection/_plot",
    "dask": "_engines",
    "pyspark": "_engines",
    "duckdb": "_engines",
}
MOST_LINES = 460
# The `__init__` beside them leads to the others.
MOST_BOXES = 12
MOST_FILES_IN_A_CHAIN = 14


# Reading ------------------------------------------------------------------------------------------


class Import(NamedTuple):
    """An import as written: `from ..module import name`, `level` being the number of dots."""

    line: int
    level: int
    module: str
    name: str = ""


class Arrow(NamedTuple):
    """An import of a file: `target` is a file of the package, None where the import leads out of it."""

    source: str
    line: int
    target: str | None
    library: str

    def __str__(self):
        return f"{self.source}:{self.line} imports {self.target or self.library}"


COMPUTED = "a computed name"


def imports_of(text):
    """All imports of a source text; `import_module` and `__import__` are followed where they are given a string."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, 0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield Import(node.lineno, node.level, node.module or "", alias.name)
        elif isinstance(node, ast.Call) and name_of(node.func) in ("import_module", "__import__"):
            name = node.args[0] if node.args else None
            written = name.value if isinstance(name, ast.Constant) else COMPUTED
            module = written.lstrip(".")
            yield Import(node.lineno, len(written) - len(module), module)


def name_of(called):
    return getattr(called, "attr", getattr(called, "id", ""))


@cache
def read_house(root):
    """Return the number of lines of every file of a package, and its arrows."""
    texts = {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(root.rglob("*.py"))
    }
    arrows = [
        Arrow(source, found.line, target_of(found, source, root.name, texts), library_of(found))
        for source, text in texts.items()
        for found in imports_of(text)
    ]
    return {source: len(text.splitlines()) for source, text in texts.items()}, arrows


def library_of(found):
    return found.module.partition(".")[0]


def target_of(found, source, package, files):
    """The file that an import leads to, None where that is outside the package."""
    above = source.split("/")[: -found.level] if found.level else []
    if not found.level and library_of(found) != package:
        return None
    module = [*above, *found.module.split(".")[not found.level :]]
    for parts in ([*module, found.name], module):
        place = "/".join(filter(None, parts))
        for file in (f"{place}.py", f"{place}/__init__.py".removeprefix("/")):
            if file in files:
                return file
    raise LookupError(f"{source}:{found.line} imports {'.'.join(module)}, which is not there")


def box_of(file):
    """The package, or the module at the top, that a file belongs to."""
    return file.split("/")[0].removesuffix(".py")


def graph_of(lines, arrows):
    """The files that each file imports."""
    graph = {file: set() for file in lines}
    for arrow in arrows:
        if arrow.target not in (None, arrow.source):
            graph[arrow.source].add(arrow.target)
    return graph


# Rules: what is wrong with a house, nothing where all is well -------------------------------------


def imports_up_or_sideways(lines, arrows):
    return [
        f"{arrow}, which is not on a floor below"
        for arrow in arrows
        if arrow.target
        and (here := box_of(arrow.source)) != (there := box_of(arrow.target))
        and {here, there} <= set(FLOOR)
        and FLOOR[there] >= FLOOR[here]
    ]


def boxes_without_floor(lines, arrows):
    return sorted({box_of(file) for file in lines} - set(FLOOR))


def circles(lines, arrows):
    try:
        TopologicalSorter(graph_of(lines, arrows)).prepare()
    except CycleError as error:
        return [" is imported by ".join(error.args[1])]
    return []


def libraries_away_from_home(lines, arrows):
    homes = HOMES_OF_LIBRARIES
    return [
        f"{arrow}, which lives in {homes[arrow.library]}"
        for arrow in arrows
        if not arrow.target
        and arrow.library in homes
        and not f"{arrow.source.removesuffix('.py')}/".startswith(f"{homes[arrow.library]}/")
    ]


def imports_that_cannot_be_followed(lines, arrows):
    """The top's `__init__` alone loads by computed names; it may import everything, and says so to type checkers."""
    return [
        str(arrow)
        for arrow in arrows
        if arrow.library == COMPUTED and arrow.source != "__init__.py"
    ]


def long_modules(lines, arrows):
    return [f"{file} has {number} lines" for file, number in lines.items() if number > MOST_LINES]


def too_many_boxes(lines, arrows):
    boxes = sorted({box_of(file) for file in lines} - {"__init__"})
    return [] if len(boxes) <= MOST_BOXES else [f"{len(boxes)} boxes: {', '.join(boxes)}"]


def long_chains(lines, arrows):
    """The longest chain of imports, if it is too long; each file counts one."""
    if circles(lines, arrows):
        return ["a circle is endless"]
    graph = graph_of(lines, arrows)
    chains = {}
    for file in TopologicalSorter(graph).static_order():
        longest = max((chains[target] for target in sorted(graph[file])), key=len, default=[])
        chains[file] = [file, *longest]
    longest = max(chains.values(), key=len)
    too_long = len(longest) > MOST_FILES_IN_A_CHAIN
    return [f"{len(longest)} files: {' > '.join(longest)}"] if too_long else []


RULES = [
    imports_up_or_sideways,
    boxes_without_floor,
    circles,
    libraries_away_from_home,
    imports_that_cannot_be_followed,
    long_modules,
    too_many_boxes,
    long_chains,
]


@pytest.mark.parametrize("rule", RULES)
def test_the_package_keeps_the_rule(rule):
    complaints = rule(*read_house(PACKAGE))
    assert not complaints, "\n".join(complaints)


# The rules, on houses made up ---------------------------------------------------------------------


def build(folder, files):
    """Write a package of these files, each with its text; return how it is read."""
    for file, text in files.items():
        path = folder / "house" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return read_house(folder / "house")


def chain_of(n_files):
    files = {f"_votes/f{i}.py": f"from .f{i + 1} import x" for i in range(n_files - 1)}
    return {**files, f"_votes/f{n_files - 1}.py": ""}


def boxes(n_boxes):
    return {f"box_{i}/a.py": "" for i in range(n_boxes)}


UTILS, VOTES = {"_utils.py": ""}, {"_votes/__init__.py": "", "_votes/codes.py": ""}
SOUND = {
    "down": {**UTILS, "_votes/codes.py": "from .._utils import x"},
    "down from a folder in a folder": {**VOTES, "inspection/_plot/a.py": "from ..._votes import codes"},
    "from the top": {**VOTES, "__init__.py": "from ._votes.codes import x", "__main__.py": "from . import y"},
    "inside a package": {**VOTES, "_votes/reader.py": "from .codes import x\nfrom . import codes"},
    "libraries at home": {
        "_learning/torch_steps.py": "import torch.optim",
        "inspection/_plot/a.py": "from matplotlib.figure import Figure",
        "_engines.py": "import dask",
    },
    "a library like the name of a file": {"_engines/duckdb.py": "", "_engines/a.py": "from .duckdb import x"},
    "computed at the top": {"__init__.py": "import_module(f'.{name}', __name__)"},
    "as long as may be": {"_votes/codes.py": "\n" * 460},
    "as many as may be": {f"{name}/a.py": "" for name in FLOOR},
    "as deep as may be": chain_of(14),
}  # fmt: skip


@pytest.mark.parametrize("files", SOUND.values(), ids=SOUND)
def test_a_sound_house_keeps_every_rule(files, tmp_path):
    house = build(tmp_path, files)
    assert [complaint for rule in RULES for complaint in rule(*house)] == []


FAULTS = [
    (imports_up_or_sideways, {"_votes/a.py": "from .._learning import x", "_learning/__init__.py": ""}),
    (imports_up_or_sideways, {"_votes/a.py": "from ..labeling.b import x", "labeling/b.py": ""}),
    (imports_up_or_sideways, {"_utils.py": "from . import x", "__init__.py": ""}),
    (imports_up_or_sideways, {"_utils.py": "import house._votes.codes", **VOTES}),
    (imports_up_or_sideways, {"_utils.py": "from house import x", "__init__.py": ""}),
    (imports_up_or_sideways, {"_utils.py": "from house._votes import *", **VOTES}),
    (imports_up_or_sideways, {"_utils.py": "def late():\n    from ._votes import codes", **VOTES}),
    (imports_up_or_sideways, {"_utils.py": "if TYPE_CHECKING:\n    from ._votes.codes import x", **VOTES}),
    (imports_up_or_sideways, {"_utils.py": "importlib.import_module('house._votes.codes')", **VOTES}),
    (imports_up_or_sideways, {"_utils.py": "import_module('._votes', __package__)", **VOTES}),
    (boxes_without_floor, {"_shed/a.py": ""}),
    (boxes_without_floor, {"_shed.py": ""}),
    (circles, {"_votes/a.py": "from .b import x", "_votes/b.py": "def late():\n    from .a import y"}),
    (circles, {"_votes/__init__.py": "from .a import x", "_votes/a.py": "from . import y"}),
    (libraries_away_from_home, {"_models/a.py": "def late():\n    import torch"}),
    (libraries_away_from_home, {"_learning_too/a.py": "import torch"}),
    (libraries_away_from_home, {"_models/a.py": "from torch.optim import SGD"}),
    (libraries_away_from_home, {"_models/a.py": "import_module('torch')"}),
    (libraries_away_from_home, {"inspection/a.py": "import matplotlib.pyplot as plt"}),
    (libraries_away_from_home, {"_votes/a.py": "import dask.dataframe"}),
    (libraries_away_from_home, {"_votes/a.py": "from pyspark.sql import functions"}),
    (libraries_away_from_home, {"_cli.py": "import duckdb"}),
    (imports_that_cannot_be_followed, {"_models/a.py": "import_module(name)"}),
    (imports_that_cannot_be_followed, {"_models/__init__.py": "import_module(f'.{name}', __name__)"}),
    (long_modules, {"_votes/codes.py": "\n" * 461}),
    (too_many_boxes, boxes(13)),
    (long_chains, chain_of(15)),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "files"), FAULTS)
def test_the_rule_finds_the_fault(rule, files, tmp_path):
    assert len(rule(*build(tmp_path, files))) == 1


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_fault_that_it_finds(rule):
    assert rule in [found for found, _ in FAULTS]


def test_a_fault_is_named_with_its_place(tmp_path):
    house = build(tmp_path, {**VOTES, "_utils.py": "\nfrom ._votes.codes import x"})
    fault = "_utils.py:2 imports _votes/codes.py, which is not on a floor below"
    assert imports_up_or_sideways(*house) == [fault]


def test_an_import_of_what_is_not_there_is_an_error(tmp_path):
    with pytest.raises(LookupError, match=r"_utils.py:1 imports _gone, which is not there"):
        build(tmp_path, {"_utils.py": "from ._gone import x"})


# The page -----------------------------------------------------------------------------------------


def floors_of_the_table():
    """Return (floor, name, whether it is to come) of each row of the page's table."""
    page = (DOCS / "architecture.rst").read_text(encoding="utf-8")
    rows = re.findall(r"^   \* - (\d+)\n     - ``(\w+)``( \(to come\))?$", page, flags=re.MULTILINE)
    return [(int(floor), name, bool(to_come)) for floor, name, to_come in rows]


def floors_of_the_figure():
    """The same of each box that is drawn, floors counted by their heights from the ground."""
    figure = ElementTree.parse(DOCS / "floors.svg")
    texts = [
        text
        for group in figure.iterfind(".//{*}g")
        if "box" in group.get("class").split()
        for text in group.iterfind("{*}text")
    ]
    heights = sorted({int(text.get("y")) for text in texts}, reverse=True)
    return [
        (heights.index(int(text.get("y"))) + 1, text.text.split()[0], "(to come)" in text.text)
        for text in texts
    ]


@pytest.mark.parametrize("shown", [floors_of_the_table, floors_of_the_figure])
def test_what_is_shown_are_the_floors(shown):
    there = {box_of(file) for file in read_house(PACKAGE)[0]}
    floors = [(floor, name, name not in there) for name, floor in FLOOR.items()]
    assert sorted(shown()) == sorted(floors)


def test_the_page_says_the_limits():
    page = " ".join((DOCS / "architecture.rst").read_text(encoding="utf-8").split())
    assert f"a module over {MOST_LINES} lines" in page
    assert f"more than {MOST_BOXES} boxes at the top" in page
    assert f"more than {MOST_FILES_IN_A_CHAIN} files" in page
