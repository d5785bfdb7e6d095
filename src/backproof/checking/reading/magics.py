"""Cells of a notebook as plain Python: what only IPython understands is replaced, line for line.

A replaced line keeps its number and its indentation, so that every line number of a finding is the
one that its author sees, and a function whose body is one magic is still a function.
"""

from __future__ import annotations

import ast
import re
import warnings

__all__ = ["plain"]

#: Cell magics that run the cell's own body, in the notebook's own names.
_TRANSPARENT = frozenset({"time", "timeit", "capture", "prun", "memit", "mprun", "lprun"})

_CELL_MAGIC = re.compile(r"%%(\w*)")
#: ``%matplotlib inline``, ``!ls``, ``?name`` and IPython's three ways to call without parentheses.
_ESCAPED = re.compile(r"[%!?/,;]")
#: ``name?``, ``name.attribute??``, ``%magic?``.
_HELP = re.compile(r"%{0,2}(?!\d)[\w*]+(\.\w+|\[[^\]]*\])*\?{1,2}\s*;?\s*(#.*)?$")
#: ``names = !ls``, ``result = %timeit -o f()``.
_ASSIGNED = re.compile(r"(?P<target>[A-Za-z_][\w.,\s\[\]'\"*]*?)\s*=\s*(?P<escape>[!%])(?!=)")
#: Commands that IPython takes without a percent sign.
_AUTOMAGIC = re.compile(r"(pip3?|conda|mamba|uv|cd|ls|cat|mkdir|rm|cp|mv)\s+[-\w./~'\"]")
_TIMED = re.compile(r"%time\s+(?P<statement>.+)$")


def plain(cell: str) -> str:
    r"""Replace what only IPython understands by Python that does nothing, keeping every line's number.

    Line magics, shell commands and questions become ``pass``, or give their variable an empty value;
    ``%time statement`` leaves the statement. ``%%time``, ``%%timeit`` and ``%%capture`` leave the
    body of their cell; a cell of any other ``%%`` magic becomes empty lines. A cell that is Python
    already is returned as it is. The result may still hold a syntax error: the author's own.

    Examples
    --------
    >>> plain("%matplotlib inline\nfiles = !ls\nif files:\n    print?")
    'pass\nfiles = []\nif files:\n    pass'
    """
    if _is_python(cell):
        return cell
    lines = _without_cell_magic(cell.split("\n"))
    scanner = _Scanner()
    result: list[str] = []
    while len(result) < len(lines):
        line = lines[len(result)]
        replacement = _replacement(line) if scanner.at_start else None
        if replacement is None:
            scanner.feed(line)
            result.append(line)
            continue
        result.append(replacement)
        while line.endswith("\\") and len(result) < len(lines):  # a magic goes on over such a line end
            line = lines[len(result)]
            result.append("")
    return "\n".join(result)


def _is_python(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _without_cell_magic(lines: list[str]) -> list[str]:
    """Take the ``%%`` lines off the top; of a cell that is not Python nothing is left."""
    for index, line in enumerate(lines):
        if not line.strip():
            continue
        found = _CELL_MAGIC.match(line)
        if not found:
            return [""] * index + lines[index:]
        if found[1] not in _TRANSPARENT:
            break
    return [""] * len(lines)


def _replacement(line: str) -> str | None:
    """Give the Python for a line that starts a statement; ``None`` where it is Python as it stands."""
    code = line.lstrip()
    indent = line[: len(line) - len(code)]
    timed = _TIMED.match(code)
    if timed and _is_python(timed["statement"]):
        return indent + timed["statement"]
    assigned = _ASSIGNED.match(code)
    if assigned:
        # A shell command gives the list of its lines.
        return f"{indent}{assigned['target']} = {'[]' if assigned['escape'] == '!' else 'None'}"
    if _ESCAPED.match(code) or _HELP.match(code) or _AUTOMAGIC.match(code):
        return indent + "pass"
    return None


class _Scanner:
    """Follows strings, brackets and continued lines, to tell where a statement starts.

    Python's own tokenizer stops at the first thing that is not Python, so it cannot be asked.
    """

    _INTERESTING = re.compile(r"\"\"\"|'''|[\"'#()\[\]{}]|\\.?")

    def __init__(self) -> None:
        self._quote = ""
        self._depth = 0
        self._continued = False

    @property
    def at_start(self) -> bool:
        return not (self._quote or self._depth or self._continued)

    def feed(self, line: str) -> None:
        self._continued = False
        for found in self._INTERESTING.finditer(line):
            self._take(found[0])
            if found[0] == "#" and not self._quote:
                break
        if len(self._quote) == 1 and not self._continued:
            self._quote = ""  # an unfinished string ends with its line

    def _take(self, piece: str) -> None:
        if piece == "\\":  # at the end of the line: any other is followed by what it escapes
            self._continued = True
        elif piece[0] == "\\":
            return
        elif self._quote:
            if piece.startswith(self._quote):
                self._quote = ""
        elif piece[0] in "\"'":
            self._quote = piece
        elif piece in "([{":
            self._depth += 1
        elif piece in ")]}":
            self._depth = max(0, self._depth - 1)
