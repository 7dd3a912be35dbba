"""Files of models: written whole or not at all; damaged, changed and later ones are refused, and run nothing."""

import io
import json
import os
import re
import stat
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import numpy as np
import pytest

import sklearn_labelmodel
from sklearn_labelmodel import LabelModelClassifier, MajorityVoteClassifier, RegexLF, VoteStatistics
from sklearn_labelmodel._utils.keeping import ENTRY, FORMAT

L = [["yes", "yes", "no"], ["no", None, "no"], ["yes", "no", "yes"]]


@pytest.fixture(scope="module")
def model():
    return LabelModelClassifier().fit(L)


@pytest.fixture
def path(model, tmp_path):
    model.save(tmp_path / "kept.skops")
    return tmp_path / "kept.skops"


def changed(path, **entries):
    """The file with other texts in some entries; entries whose text is None are left out."""
    with zipfile.ZipFile(path) as archive:
        texts = {name: archive.read(name) for name in archive.namelist()} | entries
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in texts.items():
            if text is not None:
                archive.writestr(name, text)


def with_state(path, node, name="abstain"):
    """The file with another node of skops in the place of a parameter."""
    with zipfile.ZipFile(path) as archive:
        schema = json.loads(archive.read("schema.json"))
    schema["content"]["content"][name] = node
    changed(path, **{"schema.json": json.dumps(schema)})


# Reading ------------------------------------------------------------------------------------------


def test_a_file_says_its_format_and_version(path):
    with zipfile.ZipFile(path) as archive:
        said = json.loads(archive.read(ENTRY))
    assert said == {"format": FORMAT, "version": sklearn_labelmodel.__version__}


def test_a_file_of_a_later_format_says_what_to_install(path):
    changed(
        path, **{ENTRY: json.dumps({"format": FORMAT + 1, "version": "7.1.0"}), "schema.json": "?"}
    )
    with pytest.raises(
        ValueError, match=r"kept\.skops has format .*Install 7\.1\.0 or later"
    ) as raised:
        sklearn_labelmodel.load(path)
    assert f"formats up to {FORMAT}" in str(raised.value)


def test_a_file_of_this_format_and_a_later_version_is_read(path, model):
    changed(path, **{ENTRY: json.dumps({"format": FORMAT, "version": "7.1.0"})})
    assert (sklearn_labelmodel.load(path).predict_proba(L) == model.predict_proba(L)).all()


@pytest.mark.parametrize(
    "entries",
    [
        {ENTRY: None},
        {ENTRY: "[]"},
        {ENTRY: '{"format": "one"}'},
        {"schema.json": None},
        {"schema.json": "{}"},
        {"schema.json": '{"__class__": "dict", "protocol": 0}'},
        {"schema.json": "[" * 100_000},
    ],
    ids=str,
)
def test_a_file_with_parts_missing_or_replaced_is_named(path, entries):
    changed(path, **entries)
    with pytest.raises(
        ValueError, match=r"kept\.skops cannot be read: it was not written by `save`"
    ):
        sklearn_labelmodel.load(path)


def test_a_file_that_was_cut_short_is_named(path):
    whole = path.read_bytes()
    for length in np.linspace(0, len(whole) - 1, 60).astype(int):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"kept\.skops cannot be read"):
            sklearn_labelmodel.load(path)


def test_a_changed_byte_is_noticed_or_changes_nothing(path, model):
    whole, n_noticed = path.read_bytes(), 0
    for place in np.linspace(0, len(whole) - 1, 200).astype(int):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        try:
            loaded = sklearn_labelmodel.load(path)
        except ValueError:
            n_noticed += 1
        else:
            assert loaded.predict_proba(L).tobytes() == model.predict_proba(L).tobytes()
    assert n_noticed > 100


def test_an_array_that_was_cut_short_is_noticed(path):
    with zipfile.ZipFile(path) as archive:
        array = next(name for name in archive.namelist() if name.endswith(".npy"))
        text = archive.read(array)
    changed(path, **{array: text[:-8]})
    with pytest.raises(ValueError, match=r"kept\.skops cannot be read"):
        sklearn_labelmodel.load(path)


def test_an_array_with_pickles_is_refused(path, tmp_path):
    class Runs:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    array = io.BytesIO()
    np.save(array, np.array([Runs()], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".npy")]
    changed(path, **dict.fromkeys(names, array.getvalue()))
    with pytest.raises(ValueError, match=r"kept\.skops cannot be read"):
        sklearn_labelmodel.load(path)
    assert not (tmp_path / "ran").exists()


def text(value):
    return {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": json.dumps(value),
    }


def of(kind, module, loader, **parts):
    return {"__class__": kind, "__module__": module, "__loader__": loader, **parts}


def arguments(*values):
    return of("tuple", "builtins", "TupleNode", content=[*map(text, values)])


def nodes(target):
    """Nodes of skops that would make a folder, or hand out what could."""
    nothing = of(
        "dict",
        "builtins",
        "DictNode",
        content={},
        key_types=of("list", "builtins", "ListNode", content=[]),
    )
    mkdir = of("mkdir", "os", "FunctionNode")
    return {
        "calls os.mkdir": of("mkdir", "os", "ConstructorFromReduceNode", content=arguments(target)),
        "calls os.system": of("system", "os", "ConstructorFromReduceNode", content=arguments(f"mkdir {target}")),
        "calls builtins.eval": of(
            "eval", "builtins", "ConstructorFromReduceNode", content=arguments(f"__import__('os').mkdir({target!r})")
        ),
        "is os.system": of("system", "os", "FunctionNode"),
        "is builtins.exec": of("exec", "builtins", "TypeNode"),
        "is an object": of("Popen", "subprocess", "ObjectNode", content=nothing),
        "is partial": of(
            "partial",
            "functools",
            "PartialNode",
            content={"func": mkdir, "args": arguments(target), "kwds": nothing, "namespace": nothing},
        ),
        "is a method": of(
            "Path",
            "pathlib",
            "MethodNode",
            content={"func": "mkdir", "obj": of("Path", "pathlib", "ObjectNode")},
        ),
        "is an operator": of("system", "operator", "OperatorFuncNode", attrs=arguments(target)),
        "is a loss": of("mkdir", "os", "LossNode", content=nothing, __reduce__={"args": arguments(target)}),
    }  # fmt: skip


@pytest.mark.parametrize("kind", nodes(""))
def test_a_crafted_file_runs_nothing(kind, path, tmp_path):
    with_state(path, nodes(str(tmp_path / "ran"))[kind])
    with pytest.raises(
        ValueError, match=r"kept\.skops names what is not of this package: .*\. Nothing was loaded"
    ):
        sklearn_labelmodel.load(path)
    assert not (tmp_path / "ran").exists()


def test_what_is_trusted_lets_nothing_else_in(path, tmp_path):
    with_state(path, nodes(str(tmp_path / "ran"))["calls os.system"])
    with pytest.raises(ValueError, match=r"not of this package: os\.system"):
        sklearn_labelmodel.load(path, trusted=["os", "system", "builtins.eval", "rules.has_link"])
    assert not (tmp_path / "ran").exists()


def test_names_of_this_package_that_are_no_estimators_are_not_its_own(path):
    with_state(path, of("votes_from_long", "sklearn_labelmodel.labeling._long", "FunctionNode"))
    with pytest.raises(
        ValueError, match=r"not of this package: sklearn_labelmodel\.labeling\._long"
    ):
        sklearn_labelmodel.load(path)


def test_a_plain_form_that_names_what_may_not_be_held_is_refused(path):
    form = of(
        "dict", "builtins", "DictNode", content={"is": text("os.system"), "cells": text("[]")}
    )
    form["key_types"] = of(
        "list", "builtins", "ListNode", content=[of("str", "builtins", "TypeNode")] * 2
    )
    with_state(path, form)
    with pytest.raises(
        ValueError, match=r"kept\.skops cannot be read.*'os\.system', which is none"
    ):
        sklearn_labelmodel.load(path)


def test_attributes_that_are_no_dict_are_refused(path):
    with zipfile.ZipFile(path) as archive:
        schema = json.loads(archive.read("schema.json"))
    schema["content"] = arguments("abstain")
    changed(path, **{"schema.json": json.dumps(schema)})
    with pytest.raises(ValueError, match=r"kept\.skops cannot be read"):
        sklearn_labelmodel.load(path)


def test_a_file_that_holds_something_else_is_refused(path):
    changed(path, **{"schema.json": json.dumps({**arguments(1, 2), "protocol": 0})})
    with pytest.raises(
        ValueError, match=r"kept\.skops holds a tuple, which is nothing of this package"
    ):
        sklearn_labelmodel.load(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"kept\.skops"):
        sklearn_labelmodel.load(tmp_path / "kept.skops")


# Writing ------------------------------------------------------------------------------------------


def test_a_file_that_is_there_is_replaced_and_keeps_its_mode(path):
    path.chmod(0o640)
    MajorityVoteClassifier().fit(L).save(str(path))
    assert isinstance(sklearn_labelmodel.load(str(path)), MajorityVoteClassifier)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [each.name for each in path.parent.iterdir()] == ["kept.skops"]


def test_a_new_file_has_the_mode_that_files_have(model, tmp_path):
    (tmp_path / "other").write_text("")
    model.save(tmp_path / "kept.skops")
    assert (tmp_path / "kept.skops").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_link_stays_a_link(path, model):
    link = path.with_name("link.skops")
    link.symlink_to(path.name)
    RegexLF("a", label=1).save(link)
    assert link.is_symlink()
    assert isinstance(sklearn_labelmodel.load(path), RegexLF)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_a_pipe_is_written_and_stays_one(model, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    model.save(tmp_path / "pipe")
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read(2) == b"PK"
    assert (tmp_path / "pipe").is_fifo()


def test_a_name_may_be_as_long_as_names_may_be(model, tmp_path):
    path = tmp_path / f"{'m' * 249}.skops"
    model.save(path)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_folder_that_is_not_there_is_named_with_the_file(model, tmp_path):
    with pytest.raises(FileNotFoundError, match=re.escape(str(tmp_path / "none" / "kept.skops"))):
        model.save(tmp_path / "none" / "kept.skops")


def test_a_folder_in_the_place_of_the_file_is_named(model, tmp_path):
    (tmp_path / "kept.skops").mkdir()
    with pytest.raises(IsADirectoryError, match=r"kept\.skops"):
        model.save(tmp_path / "kept.skops")
    assert [each.name for each in tmp_path.iterdir()] == ["kept.skops"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits of the operating system")
def test_a_disk_that_is_full_leaves_the_old_file(path):
    """A limit on the size of files stands for the end of the disk; in a process of its own, since it stays."""
    before = path.read_bytes()
    script = f"""
        import resource, signal
        from sklearn_labelmodel import RegexLF
        rule = RegexLF("a", label=1)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        try:
            rule.save({str(path)!r})
        except OSError as error:
            assert error.filename == {str(path)!r}, error
            raise SystemExit(7)
    """
    assert subprocess.run([sys.executable, "-c", textwrap.dedent(script)]).returncode == 7
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == ["kept.skops"]


def test_what_cannot_be_saved_is_named(tmp_path):
    model = LabelModelClassifier(optimizer_params={"generator": (value for value in "ab")})
    with pytest.raises(TypeError, match=r"LabelModelClassifier\.optimizer_params.* without pickle"):
        model.save(tmp_path / "kept.skops")
    assert not list(tmp_path.iterdir())


def test_an_object_that_skops_refuses_is_named_with_its_parameter(tmp_path):
    class Local:
        __slots__ = ("value",)

        def __reduce__(self):
            raise TypeError("cannot be taken apart")

    with pytest.raises(TypeError, match=r"RegexLF\.label is or holds .*cannot be taken apart"):
        RegexLF("a", label=Local()).save(tmp_path / "kept.skops")


@pytest.mark.slow
def test_without_skops_the_error_says_what_to_install(tmp_path):
    script = f"""
        import sys
        sys.modules["skops"] = None
        from sklearn_labelmodel import RegexLF, load
        for work in (lambda: RegexLF("a", label=1).save("x"), lambda: load({__file__!r})):
            try:
                work()
            except ImportError as error:
                assert "pip install 'skops>=0.15'" in str(error), error
            else:
                raise SystemExit(1)
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], cwd=tmp_path)
    assert run.returncode == 0
    assert not list(Path(tmp_path).iterdir())


# Statistics ---------------------------------------------------------------------------------------


def test_a_file_of_statistics_that_was_cut_short_is_named(tmp_path):
    path = tmp_path / "kept.npz"
    VoteStatistics(L).save(path)
    whole = path.read_bytes()
    for length in np.linspace(0, len(whole) - 1, 40).astype(int):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"kept\.npz holds no vote statistics"):
            VoteStatistics.load(path)


def test_a_file_of_statistics_is_written_whole(tmp_path):
    VoteStatistics(L).save(tmp_path / "kept.npz")
    assert os.listdir(tmp_path) == ["kept.npz"]
    assert VoteStatistics.load(tmp_path / "kept.npz") == VoteStatistics(L)
    with pytest.raises(FileNotFoundError, match=r"none/kept\.npz"):
        VoteStatistics(L).save(tmp_path / "none" / "kept.npz")
