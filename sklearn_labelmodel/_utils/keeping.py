"""Saving without pickle: what is fitted as plain forms, and the file that holds them.

The file is one of skops, with one entry more that names its format. Whatever the plain forms of fitted estimators
lose or gain such that an earlier version cannot read them, raises FORMAT.
"""

from __future__ import annotations

import io
import json
import os
import stat
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from inspect import signature
from pathlib import Path
from types import FunctionType
from typing import Any, Self

from sklearn.base import BaseEstimator

from . import kind_of
from .plain_form import plain_form, rebuilt

FORMAT = 1
ENTRY = "sklearn_labelmodel.json"
# Of a file's own name in the name under which it is written, which is to be no longer than names may be.
MOST_SIGNS = 50
NO_SKOPS = "Models are saved and loaded by skops: pip install 'skops>=0.15'."


class PlainState:
    """What files without pickle can hold: its attributes have plain forms, or are such things themselves."""

    @classmethod
    def _held(cls) -> tuple[type, ...]:
        """The dataclasses of this package that attributes may hold."""
        return ()

    def __getstate__(self) -> dict[str, object]:
        state: Any = super().__getstate__()
        held = self._held()
        return {name: plain_form(value, held) for name, value in state.items()}

    def __setstate__(self, state: dict[str, object]) -> None:
        held = self._held()
        attributes = {name: rebuilt(form, held) for name, form in state.items()}
        vars(self).update(_later_parameters(type(self), attributes), **attributes)


class Savable(PlainState):
    """What has a file of its own."""

    def save(self, path: str | os.PathLike[str]) -> Self:
        """Save in a file that holds no code, to be loaded by `sklearn_labelmodel.load`.

        Parameters
        ----------
        path : str or path
            Of the file, such as "model.skops". A file that is there is replaced once the new one is whole.

        Returns
        -------
        self : estimator

        Raises
        ------
        ImportError
            skops is not installed.
        TypeError
            A parameter or attribute that cannot be saved without pickle; the message names it.
        OSError
            The file cannot be written.

        Examples
        --------
        >>> import sklearn_labelmodel
        >>> from tempfile import TemporaryDirectory
        >>> from sklearn_labelmodel import LabelModelClassifier
        >>> model = LabelModelClassifier().fit([["yes", "yes", "no"], ["no", "no", "no"]])
        >>> with TemporaryDirectory() as folder:
        ...     _ = model.save(f"{folder}/model.skops")
        ...     loaded = sklearn_labelmodel.load(f"{folder}/model.skops")
        >>> loaded.predict([["yes", "yes", "no"]]).tolist()
        ['yes']
        """
        write_whole(path, as_bytes(self))
        return self


def _later_parameters(kind: type, attributes: dict[str, object]) -> dict[str, object]:
    """Parameters that an earlier version did not have, with their defaults."""
    if not hasattr(kind, "_get_param_names"):
        return {}
    later = set(kind._get_param_names()) - attributes.keys()
    return {name: signature(kind).parameters[name].default for name in later} if later else {}


# Into bytes ---------------------------------------------------------------------------------------


def as_bytes(kept: Savable) -> bytes:
    """The content of the file of something savable.

    Raises
    ------
    ImportError, TypeError
        As `Savable.save`.
    """
    _check_functions(kept)
    data = io.BytesIO(_dumps(kept, type(kept).__name__))
    with zipfile.ZipFile(data, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(ENTRY, json.dumps({"format": FORMAT, "version": _version()}))
    return data.getvalue()


def _version() -> str:
    return str(sys.modules[__name__.partition(".")[0]].__version__)


def _dumps(value: object, name: str) -> bytes:
    skops = _skops()
    try:
        return skops.dumps(value, compression=zipfile.ZIP_DEFLATED)
    except Exception as error:
        if isinstance(value, Savable):
            # To find the attribute at fault.
            for attribute, form in value.__getstate__().items():
                _dumps(form, f"{name}.{attribute}")
        raise TypeError(
            f"{name} is or holds something that cannot be saved without pickle ({error}). Pass it as a list, dict, "
            "number, string, array or scikit-learn estimator, or use pickle, which runs code when it loads."
        ) from error


def _check_functions(kept: Savable) -> None:
    for function in _functions_in(kept, {}):
        found = getattr(sys.modules.get(function.__module__), function.__name__, None)
        if found is not function and getattr(found, "function", None) is not function:
            raise TypeError(
                f"{function.__module__}.{function.__qualname__} is a lambda, a function within a function or class, or "
                "one whose name means something else now, so that no file can name it. Define it with a name of its "
                "own at the top level of a module that can be imported."
            )


def _functions_in(value: object, seen: dict[int, object]) -> Iterator[FunctionType]:
    """The functions in containers and in parameters and attributes of estimators."""
    if id(value) in seen:
        return
    # What is held keeps its id.
    seen[id(value)] = value
    if isinstance(value, FunctionType):
        yield value
    parts: Iterable[object] = ()
    if isinstance(value, list | tuple):
        parts = value
    elif isinstance(value, PlainState):
        parts = value.__getstate__().values()
    elif isinstance(value, dict):
        parts = value.values()
    elif isinstance(value, BaseEstimator):
        parts = vars(value).values()
    for part in parts:
        yield from _functions_in(part, seen)


def write_whole(path: str | os.PathLike[str], data: bytes) -> None:
    """Write all of a file or nothing: a file that is there stays as it is until the new one is whole.

    Raises
    ------
    OSError
        With the name of the file.
    """
    end = Path(os.path.realpath(path))
    written = None
    try:
        if end.exists() and not end.is_file():
            # A pipe or a device stays one.
            end.write_bytes(data)
            return
        handle, written = tempfile.mkstemp(dir=end.parent, prefix=f".{end.name[:MOST_SIGNS]}.")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(written, stat.S_IMODE(end.stat().st_mode) if end.exists() else 0o666 & ~_umask())
        os.replace(written, end)
    except BaseException as error:
        if written is not None and os.path.exists(written):
            os.unlink(written)
        if isinstance(error, OSError):
            raise type(error)(error.errno, error.strerror, os.fspath(path)) from error
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


# Out of bytes -------------------------------------------------------------------------------------


def read_model(
    path: str | os.PathLike[str], trusted: Iterable[object], is_own: Callable[[str], bool]
) -> Any:
    """What a file holds; see `sklearn_labelmodel.load`.

    Parameters
    ----------
    path : str or path
    trusted : iterable of str, types, functions and labeling functions
    is_own : function of str
        Whether a name, such as "module.Class", is that of a class of this package which can be saved.
    """
    data, skops = Path(path).read_bytes(), _skops()
    _check_format(path, data)
    named = [_name_of(each) for each in ([trusted] if isinstance(trusted, str) else trusted)]
    try:
        holds = skops.get_untrusted_types(data=data)
    except Exception as error:
        raise _damaged(path, error) from error
    foreign = [name for name in holds if not is_own(name)]
    _check_trusted(path, [name for name in foreign if name not in named])
    try:
        loaded = skops.loads(data, trusted=holds)
    except (ImportError, AttributeError) as error:
        raise (_not_found(path, foreign, error) if foreign else _damaged(path, error)) from error
    except Exception as error:
        raise _damaged(path, error) from error
    if not isinstance(loaded, Savable):
        raise ValueError(f"{path} holds {kind_of(loaded)}, which is nothing of this package.")
    return loaded


def _skops() -> Any:
    try:
        import skops.io
    except ImportError as error:
        raise ImportError(NO_SKOPS) from error
    return skops.io


def _name_of(trusted: object) -> str:
    """The name that a file has for a type, a function, or a labeling function made of one."""
    named: Any = getattr(trusted, "function", trusted)
    return named if isinstance(named, str) else f"{named.__module__}.{named.__name__}"


def _check_format(path: str | os.PathLike[str], data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            said = json.loads(archive.read(ENTRY))
        number, version = int(said["format"]), str(said["version"])
    except Exception as error:
        raise _damaged(path, error) from error
    if number > FORMAT:
        raise ValueError(
            f"{path} has format {number}, written by sklearn_labelmodel {version}; this is {_version()}, which reads "
            f"formats up to {FORMAT}. Install {version} or later, or save the model again with {_version()}."
        )


def _check_trusted(path: str | os.PathLike[str], strangers: list[str]) -> None:
    if strangers:
        raise ValueError(
            f"{path} names what is not of this package: {', '.join(strangers)}. Nothing was loaded. If you know these "
            f"and who wrote the file, pass trusted={strangers}."
        )


def _not_found(path: str | os.PathLike[str], foreign: list[str], error: Exception) -> ValueError:
    return ValueError(
        f"{path} names {', '.join(foreign)}, of which something cannot be found here ({error}). Functions and classes "
        "of your own must be at the top level of a module that can be imported, under the name that they had when the "
        "model was saved."
    )


def _damaged(path: str | os.PathLike[str], error: Exception) -> ValueError:
    said = f"{type(error).__name__}: {error}"
    return ValueError(
        f"{path} cannot be read: it was not written by `save`, is cut short, or was changed since ({said}). Take "
        "another copy, or save the model again."
    )
