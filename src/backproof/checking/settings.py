"""How to check: the settings, read from ``pyproject.toml`` and from the command line.

A setting has one reader, which takes the value as TOML, the command line or Python gives it and says
what it has to be. The callers add where the value stood.
"""

from __future__ import annotations

import difflib
import enum
import math
import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from backproof.checking.intervals import interval, is_number
from backproof.diagnoses import UnknownDiagnosis, find

__all__ = ["Format", "Options", "Settings", "SettingsError", "read_options"]


class SettingsError(ValueError):
    """A setting is not what it has to be. The message is one line, for the user."""


class Format(enum.StrEnum):
    """How the report is written."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    HTML = "html"
    GITHUB = "github"


def _cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _got(value: object) -> str:
    return f"got {value!r} ({type(value).__name__})"


def _references(value: object) -> dict[str, str]:
    """Read a table of references, or the ``NAME=REFERENCE`` pairs of a command line."""
    from backproof.checking import references

    table = value if isinstance(value, Mapping) else dict(_pairs(value))
    for name, reference in table.items():
        if not isinstance(reference, str):
            raise SettingsError(
                f"expected the name of a reference for {name}, e.g. 'tanh'; {_got(reference)}"
            )
        try:
            references.parse(reference)
        except references.UnknownReference as error:
            raise SettingsError(f"{name}={reference}: {error}") from None
    return dict(table)


def _pairs(value: object) -> Iterable[tuple[str, str]]:
    if not isinstance(value, list | tuple):
        raise SettingsError(f"expected a table such as {{ MyTanh = 'tanh' }}; {_got(value)}")
    seen = set()
    for text in value:
        name, equals, reference = (part.strip() for part in str(text).partition("="))
        if not (name and equals and reference):
            raise SettingsError(f"expected NAME=REFERENCE, e.g. MyTanh=tanh; got {text!r}")
        if name in seen:
            raise SettingsError(f"expected one reference for {name}, got a second one, {reference!r}")
        seen.add(name)
        yield name, reference


def _diagnoses(value: object) -> frozenset[str]:
    """Read names of diagnoses: any number of strings, each with one name or several with commas."""
    parts = [value] if isinstance(value, str) else value
    if not isinstance(parts, Iterable) or isinstance(parts, Mapping):
        raise SettingsError(f"expected a list of names of diagnoses; {_got(value)}")
    names: set[str] = set()
    for part in parts:
        if not isinstance(part, str):
            raise SettingsError(f"expected the name of a diagnosis; {_got(part)}")
        names.update(part.replace(",", " ").split())
    for name in sorted(names):
        try:
            find(name)
        except UnknownDiagnosis as error:
            raise SettingsError(str(error)) from None
    return frozenset(names)


def _whole(least: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise SettingsError(f"expected a whole number, {least} or more; {_got(value)}")
        return value

    return read


def _seconds(value: object) -> float:
    if not is_number(value) or not 0 < value < math.inf:
        raise SettingsError(f"expected a number of seconds above 0; {_got(value)}")
    return float(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise SettingsError(f"expected true or false; {_got(value)}")
    return value


def _format(value: object) -> Format:
    if value not in list(Format):
        *others, last = Format
        raise SettingsError(f"expected {', '.join(others)} or {last}; {_got(value)}")
    return Format(str(value))


def _domains(value: object) -> dict[str, tuple[float, float]]:
    """Read a pair of numbers for every candidate, whose key is "", or a table of pairs by name."""
    table = value if isinstance(value, Mapping) else {"": value}
    return {name: _interval(pair) for name, pair in table.items()}


def _interval(value: object) -> tuple[float, float]:
    if not (isinstance(value, list | tuple) and len(value) == 2 and all(map(is_number, value))):
        raise SettingsError(f"expected two numbers, e.g. [0, 1], or a table of them; {_got(value)}")
    found = interval(value)
    if found is None:
        raise SettingsError(f"expected two finite numbers, the lower first; {_got(value)}")
    return found


_READERS: dict[str, Callable[[object], object]] = {
    "like": _references,
    "domain": _domains,
    "select": _diagnoses,
    "ignore": _diagnoses,
    "seed": _whole(0),
    "jobs": _whole(1),
    "timeout": _seconds,
    "strict": _flag,
    "format": _format,
}


@dataclass(frozen=True)
class Settings:
    """How to check.

    Attributes
    ----------
    like
        For the name of a candidate the reference to judge it by, as `references.parse` reads it.
    domain
        For the name of a candidate between which numbers its input lies; for "" that of every other.
    select, ignore
        Names of diagnoses: report only those selected (all, where none is), none that is ignored.
    seed
        Where the random inputs start.
    jobs
        How many candidates are judged at a time; by default the number of cores.
    timeout
        Seconds that one candidate may take.
    expected
        Names of candidates that have to be there: those that the command line gives a reference for.

    Raises
    ------
    SettingsError
        If a value is not what it has to be.

    Examples
    --------
    >>> Settings(ignore=frozenset({"gradient-at-kink"})).reports("gradient-at-kink")
    False
    """

    like: Mapping[str, str] = field(default_factory=dict)
    domain: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    seed: int = 0
    jobs: int = field(default_factory=_cores)
    timeout: float = 20.0
    expected: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in (f.name for f in fields(self) if f.name in _READERS):
            object.__setattr__(self, name, _read(name, name, getattr(self, name)))

    def reports(self, diagnosis: str) -> bool:
        """Say whether findings of this diagnosis are wanted."""
        return (not self.select or diagnosis in self.select) and diagnosis not in self.ignore


@dataclass(frozen=True)
class Options:
    """The settings, and how the result is shown and judged as a whole."""

    settings: Settings
    format: Format = Format.TEXT
    strict: bool = False


def _read(where: str, name: str, value: object) -> Any:
    try:
        return _READERS[name](value)
    except SettingsError as error:
        raise SettingsError(f"{where}: {error}") from None


def read_options(folder: Path, given: Mapping[str, object]) -> Options:
    """Combine ``[tool.backproof]`` of the nearest ``pyproject.toml`` with the command line.

    The file is looked for in ``folder``, then upwards; one without a ``[tool.backproof]`` is passed
    over. ``given`` holds what the command line says, ``None`` where it is silent. It wins; to a
    table of references it adds.

    Raises
    ------
    SettingsError
        If the file cannot be read, has a key that is no setting, or a value is not what it has to be.
    """
    file = _from_file(folder)
    line = {name: _read(f"--{name}", name, value) for name, value in given.items() if value is not None}
    values = {**file, **line}
    if "like" in values:
        values["like"] = {**file.get("like", {}), **line.get("like", {})}
    rest = {name: values.pop(name) for name in ("format", "strict") if name in values}
    return Options(Settings(**values, expected=frozenset(line.get("like", ()))), **rest)


def _from_file(folder: Path) -> dict[str, Any]:
    """Read the nearest ``[tool.backproof]``, every value by its reader."""
    for parent in (folder, *folder.parents):
        path = parent / "pyproject.toml"
        section = _section(path) if path.is_file() else None
        if section is None:
            continue
        for key in section.keys() - _READERS.keys():
            close = difflib.get_close_matches(key, _READERS, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(_READERS)}"
            raise SettingsError(f"{path}: [tool.backproof] has no setting {key!r}; {hint}")
        return {
            name: _read(f"{path}: [tool.backproof] {name}", name, value) for name, value in section.items()
        }
    return {}


def _section(path: Path) -> dict[str, object] | None:
    try:
        tool = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: expected a TOML file, could not read it: {error}") from None
    section = tool.get("backproof") if isinstance(tool, dict) else None
    if section is not None and not isinstance(section, dict):
        raise SettingsError(f"{path}: expected a table [tool.backproof]; {_got(section)}")
    return section
