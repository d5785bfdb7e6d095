"""Comments to the checker: ``# backproof: like=…``, ``inputs=…``, ``domain=…``, ``ignore=…``, ``ignore``.

A remark belongs to the definition at whose head it stands: in the comment lines directly above it, on
one of its first lines, or between them and its first statement. At a method it counts for the class.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import tokenize
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from backproof.checking.intervals import interval
from backproof.diagnoses import find

__all__ = ["Remark", "find_remarks"]

#: It may stand behind a remark for another tool, in the same comment, or before one.
_REMARK = re.compile(r"(?:^|\s)#+\s*backproof\s*:\s*(?P<settings>.*)", re.IGNORECASE)
_KEY = re.compile(r"(?:^|[\s;,])(like|ignore|domain|inputs)\s*=\s*")
_Definition: TypeAlias = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Remark:
    """What the comments at a definition say: its reference, the diagnoses not wanted, its input's range."""

    like: str | None = None
    ignore: tuple[str, ...] = ()
    domain: tuple[float, float] | None = None
    #: The shape of each argument, or its value, with its name where it is said.
    inputs: tuple[tuple[str, object], ...] = ()
    #: Whether the definition is left out altogether.
    left_out: bool = False

    def merged(self, later: Remark) -> Remark:
        """Put a further remark at the same definition on top of this one."""
        return Remark(
            later.like or self.like,
            (*self.ignore, *later.ignore),
            later.domain or self.domain,
            later.inputs or self.inputs,
            self.left_out or later.left_out,
        )


def find_remarks(texts: Iterable[tuple[str, str]]) -> tuple[dict[str, Remark], tuple[str, ...]]:
    r"""Collect the remarks by the name of their definition, and a line on each that was not understood.

    ``texts`` are pairs: how to call a text in a complaint, and the text, which is Python.

    Examples
    --------
    >>> find_remarks([("a.py", "# backproof: like=mse; ignore=reduction\nclass A:\n    pass")])
    ({'A': Remark(like='mse', ignore=('reduction',), domain=None, inputs=(), left_out=False)}, ())
    """
    remarks: dict[str, Remark] = {}
    complaints: list[str] = []
    for label, text in texts:
        if "backproof" not in text.lower():
            continue
        names = _heads(text)
        for line, settings in _comments(text):
            try:
                remark = _parse(settings)
            except ValueError as error:
                complaints.append(f"{label}, line {line}: {error}")
                continue
            name = names.get(line)
            if name is None:
                complaints.append(
                    f"{label}, line {line}: '# backproof: {settings}' stands at no definition; put it "
                    "directly above a class or function"
                )
                continue
            remarks[name] = remarks.get(name, Remark()).merged(remark)
    return remarks, tuple(complaints)


def _parse(settings: str) -> Remark:
    """Read a comment; what is wrong with it is a `ValueError`, the reference's and the diagnosis's too."""
    from backproof.checking import references  # with all ops: only where a comment asks for it

    if settings == "ignore":
        return Remark(left_out=True)
    keys = list(_KEY.finditer(settings))
    if not keys or settings[: keys[0].start()].strip():
        raise ValueError(
            "expected '# backproof: like=REFERENCE', '# backproof: ignore=DIAGNOSIS,…', "
            "'# backproof: domain=LOW,HIGH', '# backproof: inputs=SHAPE, SHAPE,…', or '# backproof: ignore' "
            f"to leave the definition out; got {settings!r}"
        )
    remark = Remark()
    for key, following in zip(keys, [*keys[1:], None], strict=True):
        value = settings[key.end() : following.start() if following else None].strip(" \t;,")
        if not value:
            raise ValueError(f"expected something behind '{key[1]}=', got {settings!r}")
        if key[1] == "like":
            references.parse(value)
            remark = remark.merged(Remark(like=value))
        elif key[1] == "domain":
            remark = remark.merged(Remark(domain=_range(value)))
        elif key[1] == "inputs":
            remark = remark.merged(Remark(inputs=_inputs(value)))
        else:
            names = tuple(re.split(r"[\s,]+", value))
            for name in names:
                find(name)
            remark = remark.merged(Remark(ignore=names))
    return remark


def _range(value: str) -> tuple[float, float]:
    """Read a domain: two numbers, the lower first, in brackets or not.

    Examples
    --------
    >>> _range("(0, 1)"), _range("0.1,10")
    ((0.0, 1.0), (0.1, 10.0))
    """
    found = interval(value.strip("()[] ").split(","))
    if found is None:
        raise ValueError(
            f"expected domain=LOW,HIGH, two finite numbers of which the lower is first, got domain={value}"
        )
    return found


def _inputs(value: str) -> tuple[tuple[str, object], ...]:
    """Read the shapes of arguments, and values of those that are no arrays.

    Examples
    --------
    >>> _inputs("(2, 3), (3,), dim=-1")
    (('', (2, 3)), ('', (3,)), ('dim', -1))
    """
    known: tuple[tuple[str, object], ...] = ()
    with contextlib.suppress(ValueError, SyntaxError):
        call = ast.parse(f"inputs({value})", mode="eval").body
        if isinstance(call, ast.Call):
            given = [*(("", node) for node in call.args), *((k.arg or "", k.value) for k in call.keywords)]
            known = tuple((name, ast.literal_eval(node)) for name, node in given)
    shapes = [v for _, v in known if isinstance(v, tuple)]
    if not shapes or not all(type(size) is int and size > 0 for shape in shapes for size in shape):
        raise ValueError(
            "expected inputs=SHAPE, SHAPE,… for the forward's arguments in their order, such as "
            f"inputs=(2, 3, 8, 8), (4,), dim=1, got inputs={value}"
        )
    return known


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """Give the line and the settings of each comment that is for us."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and (found := _REMARK.search(token.string)):
            yield token.start[0], re.split(r"\s#", found["settings"])[0].strip()


def _heads(text: str) -> dict[int, str]:
    """Say for each line that is at the head of a definition to which top-level definition it belongs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(text)
    lines = text.split("\n")
    heads: dict[int, str] = {}
    for outer in _outermost(tree.body):
        for node in ast.walk(outer):
            if isinstance(node, _Definition):
                heads.update(dict.fromkeys(_head(node, lines), outer.name))
    return heads


def _outermost(body: Iterable[ast.AST]) -> Iterator[_Definition]:
    """Give the definitions in no other definition; they may stand in an ``if`` or ``try``."""
    for node in body:
        if isinstance(node, _Definition):
            yield node
        else:
            yield from _outermost(ast.iter_child_nodes(node))


def _head(node: _Definition, lines: list[str]) -> range:
    """Give the lines from the comments directly above a definition to those before its first statement."""
    first = min(part.lineno for part in (node, *node.decorator_list))
    while first > 1 and lines[first - 2].lstrip().startswith("#"):
        first -= 1
    body = node.body
    if ast.get_docstring(node, clean=False) is not None:
        if len(body) == 1:
            return range(first, (body[0].end_lineno or body[0].lineno) + 1)
        body = body[1:]
    # The first statement's own decorators and the comments above it belong to that statement only if it
    # is a definition; it is walked later and then takes them over.
    start = body[0].lineno
    return range(first, max(start, node.lineno + 1))
