"""Reading a user's file: a script or a notebook, as the units it is run in.

Nothing is run here. What cannot be read at all is `Unreadable`, in one line; a notebook's cell that is
no Python is a unit with a fault, and the cells around it are read all the same.
"""

from __future__ import annotations

import ast
import functools
import io
import json
import logging
import os
import re
import tokenize
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from backproof.checking.reading.magics import plain
from backproof.checking.reading.remarks import Remark, find_remarks
from backproof.checking.reading.targets import SUFFIXES

__all__ = ["Fault", "OtherLanguage", "Source", "Unit", "Unreadable", "read"]

_MOST_BYTES = 20_000_000
#: An import of torch, or of what stands on it.
_TORCH = re.compile(r"^\s*(?:import|from)\s[^#\n]*\btorch", re.MULTILINE)


class Unreadable(Exception):
    """A file cannot be read; the message says why, in one line that starts with the file's name."""

    def __init__(self, file: str, why: str) -> None:
        super().__init__(f"{file} {why}")
        self.file = file
        self.why = why


class OtherLanguage(Unreadable):
    """A notebook is in another language than Python."""


@dataclass(frozen=True)
class Fault:
    """Why a unit is no Python."""

    type: str
    message: str
    line: int | None = None
    text: str = ""


@dataclass(frozen=True)
class Unit:
    """A piece of a file that is run as one: a notebook's cell, or a top-level statement of a script.

    Attributes
    ----------
    file
        The file, as its user named it.
    cell
        Which cell of the notebook, counted from 0 over cells of every sort; ``None`` in a script.
    line
        The number of the first line of ``code``: in the file for a script, 1 for a cell.
    code
        Its text, whole lines, with IPython's magics replaced; not Python where there is a fault.
    filename
        The name that its code objects and tracebacks carry: a script's absolute path, and for a cell
        that path with the cell's number behind it.
    """

    file: str
    cell: int | None
    line: int
    code: str
    filename: str
    fault: Fault | None = None

    @functools.cached_property
    def tree(self) -> ast.Module:
        """The statements, with the line numbers of the file, or of the cell; none where there is a fault.

        The tree is shared: look at it, do not change it.
        """
        if self.fault:
            return ast.Module([], [])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the user's string escapes
            return ast.increment_lineno(ast.parse(self.code), self.line - 1)


@dataclass(frozen=True)
class Source:
    """A file that was read.

    Attributes
    ----------
    file, path
        The file as its user named it, and its absolute path.
    units
        What it is run in, in order.
    remarks
        What the comments ``# backproof: …`` say, by the name of the definition they stand at.
    complaints
        Comments ``# backproof: …`` that could not be understood, one line each.
    """

    file: str
    path: str
    units: tuple[Unit, ...]
    remarks: Mapping[str, Remark] = field(default_factory=dict)
    complaints: tuple[str, ...] = ()

    @property
    def imports_torch(self) -> bool:
        """Whether it imports PyTorch, or what has torch in its name and stands on it."""
        return any(_TORCH.search(unit.code) for unit in self.units)

    @property
    def is_notebook(self) -> bool:
        """Whether the units are cells."""
        return self.path.lower().endswith(".ipynb")


def read(path: str | os.PathLike[str], *, shown: str | None = None) -> Source:
    """Read a ``.py`` or ``.ipynb`` file into its units, without running anything.

    Each top-level statement of a script is a unit, and so is each code cell of a notebook (of any
    version of the format). ``shown`` is how the file is called, if not by its path.

    Raises
    ------
    Unreadable
        If there is no such file, or it is a folder, too large, in the wrong encoding, no Python, or
        no notebook of Python code.
    """
    file = shown or os.fspath(path)
    content = _content(file, Path(path))
    absolute = str(Path(path).absolute())
    if Path(path).suffix.lower() == ".py":
        text = _decode(file, content)
        units = _script(file, absolute, text)
        texts = [(file, text)]
    else:
        units = _notebook(file, absolute, content)
        texts = [(f"{file}, cell {unit.cell}", unit.code) for unit in units if not unit.fault]
    remarks, complaints = find_remarks(texts)
    return Source(file, absolute, tuple(units), remarks, complaints)


def _content(file: str, path: Path) -> bytes:
    suffix = path.suffix.lower()
    try:
        if not path.exists():
            raise Unreadable(file, "does not exist")
        if path.is_dir():
            raise Unreadable(file, "is a folder, not a file")
        if suffix not in SUFFIXES:
            raise Unreadable(file, f"is neither a .py nor an .ipynb file (its name ends in {suffix!r})")
        if not path.is_file():
            raise Unreadable(file, "is no ordinary file")
        size = path.stat().st_size
        if size > _MOST_BYTES:
            hint = "; clear the notebook's outputs" if suffix == ".ipynb" else ""
            most = f"at most {_MOST_BYTES / 1e6:.0f} MB are read"
            raise Unreadable(file, f"has {size / 1e6:.0f} MB; {most}{hint}")
        content = path.read_bytes()
    except OSError as error:
        raise Unreadable(file, f"cannot be read: {error.strerror or error}") from error
    if not content.strip() and suffix != ".py":  # an empty script is a script
        raise Unreadable(file, "is empty")
    return content


def _decode(file: str, content: bytes) -> str:
    r"""Give the text of a script, by its byte-order mark or encoding cookie, with ``\n`` at line ends."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = io.TextIOWrapper(io.BytesIO(content), encoding).read()
    except UnicodeDecodeError as error:
        raise Unreadable(
            file,
            f"is not {error.encoding} text (byte 0x{content[error.start]:02x} at position {error.start}); "
            "save it as UTF-8, or name its encoding in the first line: # -*- coding: … -*-",
        ) from None
    except SyntaxError as error:  # what `tokenize` says of a bad cookie, and of a first line not in UTF-8
        raise Unreadable(file, f"has no readable encoding: {error.msg}; save it as UTF-8") from None
    return text


def _script(file: str, path: str, text: str) -> list[Unit]:
    fault = _fault(text)
    if fault:
        where = f" in line {fault.line}" if fault.line else ""
        shown = f": {fault.text}" if fault.text else ""
        raise Unreadable(file, f"has a syntax error{where}: {fault.message}{shown}")
    lines = text.split("\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spans = list(_spans(ast.parse(text).body, lines))
    return [Unit(file, None, first, "\n".join(lines[first - 1 : last]), path) for first, last in spans]


def _spans(body: Sequence[ast.stmt], lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Give the first and last line of each statement; statements that share a line stay together."""
    span: tuple[int, int] | None = None
    for statement in body:
        decorators = getattr(statement, "decorator_list", [])
        first = min(node.lineno for node in (statement, *decorators))
        last = statement.end_lineno or statement.lineno
        if span and (first <= span[1] or lines[first - 2].endswith("\\")):
            span = (span[0], last)
            continue
        if span:
            yield span
        span = (first, last)
    if span:
        yield span


def _notebook(file: str, path: str, content: bytes) -> list[Unit]:
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Unreadable(file, f"is no notebook: it is not UTF-8 text (position {error.start})") from None
    except json.JSONDecodeError as error:
        raise Unreadable(
            file, f"is no notebook: it is no JSON ({error.msg}, line {error.lineno}, column {error.colno})"
        ) from None
    except RecursionError:
        raise Unreadable(file, "is no notebook: its JSON is nested too deeply") from None
    if not isinstance(document, dict) or "nbformat" not in document:
        raise Unreadable(file, "is no notebook: it is JSON, but has no nbformat")
    notebook = _modern(file, _completed(document))
    language = _language(notebook)
    if language.lower() not in ("python", "python3", "ipython", ""):
        raise OtherLanguage(file, f"is a notebook in {language}, not in Python")
    return [
        _cell(file, path, number, "".join(cell["source"]))
        for number, cell in enumerate(notebook["cells"])
        if cell["cell_type"] == "code"
    ]


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    """Add what tools leave out of a notebook, and leave out what cells have put out: only code is read."""
    metadata = document.get("metadata")
    complete = {**document, "metadata": metadata if isinstance(metadata, dict) else {}}
    complete.setdefault("nbformat_minor", 0)
    sheets = document.get("worksheets")
    if isinstance(sheets, list):
        complete["worksheets"] = [_with_cells(sheet) for sheet in sheets if isinstance(sheet, dict)]
    return _with_cells(complete)


def _with_cells(holder: dict[str, Any]) -> dict[str, Any]:
    cells = holder.get("cells")
    if not isinstance(cells, list):
        return holder
    usual: dict[str, Any] = {"metadata": {}, "outputs": []}
    code: dict[str, Any] = {"execution_count": None, "language": "python", "collapsed": False}
    return {
        **holder,
        "cells": [
            {**(code if cell.get("cell_type") == "code" else {}), **cell, **usual}
            if isinstance(cell, dict)
            else cell
            for cell in cells
        ],
    }


def _modern(file: str, document: dict[str, Any]) -> Mapping[str, Any]:
    """Bring a notebook of any version to version 4, without a word on standard error."""
    import nbformat
    from nbformat.reader import reads
    from traitlets.log import get_logger

    def silence(_: logging.LogRecord) -> bool:
        return False

    reporter = get_logger()  # where nbformat tells what it finds invalid
    logger = reporter.logger if isinstance(reporter, logging.LoggerAdapter) else reporter
    logger.addFilter(silence)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read_in = reads(json.dumps(document))  # type: ignore[no-untyped-call]  # it has no types
            notebook = nbformat.convert(read_in, 4)  # type: ignore[no-untyped-call]  # nor this
        for cell in notebook["cells"]:
            "".join((cell["cell_type"], *cell["source"]))  # both are there, and text
    except Exception as error:
        # nbformat raises whatever the missing piece leads to: KeyError, TypeError, AttributeError …
        why = " ".join(str(error).split())[:200]
        raise Unreadable(file, f"is no valid notebook: {type(error).__name__}: {why}") from None
    finally:
        logger.removeFilter(silence)
    return cast("Mapping[str, Any]", notebook)


def _language(notebook: Mapping[str, Any]) -> str:
    metadata = notebook.get("metadata") or {}
    for section, key in (("language_info", "name"), ("kernelspec", "language")):
        entry = metadata.get(section)
        if isinstance(entry, dict) and isinstance(entry.get(key), str):
            return str(entry[key])
    return ""


def _cell(file: str, path: str, number: int, text: str) -> Unit:
    code = plain(text.replace("\r\n", "\n").replace("\r", "\n"))
    return Unit(file, number, 1, code, f"{path}#cell-{number}", _fault(code, whole=False))


def _fault(text: str, *, whole: bool = True) -> Fault | None:
    """Say why a text is no Python; of a cell (not ``whole``) only what cannot be parsed counts.

    The rest (``return`` outside a function) is found when its statement is compiled, after those
    before it have run, as IPython does.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<text>", "exec", 0 if whole else ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as error:
        return Fault(type(error).__name__, error.msg, error.lineno, (error.text or "").strip()[:120])
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return Fault(type(error).__name__, str(error) or "too deeply nested")
    return None
