"""The usual shapes of what a loss with its gradients takes: in rows or columns, one layer or more."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.checking.adapt.objectives.leaves import PARAMETERS, Leaf
from backproof.checking.cases import draw
from backproof.ops.domain import Domain

__all__ = ["SIZES", "Form", "Layout", "layouts", "said_axes", "samples"]

#: The size of each axis: all different, so that a transpose or a count is seen. I is D and a column of ones.
SIZES: Mapping[str, int] = {"N": 7, "D": 5, "I": 6, "C": 3, "H": 4, "J": 2, "L": 11, "K": 8, "U": 1}
#: The most layouts that are tried.
_MOST = 1000


@dataclass(frozen=True)
class Form:
    """What a leaf is: its axes, the domain of its values, and whether classes are given as 0 and 1."""

    axes: str
    domain: Domain = "small"
    onehot: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array that is drawn: of classes, their indices."""
        return tuple(SIZES["U" if axis == "1" else axis] for axis in self.drawn.split())

    @property
    def drawn(self) -> str:
        """The axes of what is drawn."""
        return "N" if self.onehot else self.axes

    def hand_over(self, value: Any) -> Any:
        """Give a value as the function takes it: an index as a number, classes as rows or columns."""
        if self.onehot:
            rows = np.eye(SIZES["C"])[value]
            return rows if self.axes == "N C" else rows.T
        return int(value) if self.domain == "class" and not self.axes else value


Layout: TypeAlias = dict[str, Form]

#: Data, whether a weight is (in, out), and the forms of a target by the outputs: a number, C, or 1.
_DATA: tuple[tuple[str, bool, Mapping[str, tuple[Form, ...]]], ...] = tuple(
    (
        data,
        forward,
        {
            "": (Form("N"), Form("N", "binary"), Form("N", "sign"), Form("N", "class")),
            "C": (
                Form("N", "class"),
                Form(matrix),
                Form(matrix, "class", onehot=True),
                Form(matrix, "binary"),
            ),
            "1": (Form(single), Form(single, "binary"), Form(single, "sign"), Form("N"), Form("N", "binary")),
        },
    )
    for data, matrix, single in (("N D", "N C", "N 1"), ("D N", "C N", "1 N"))
    for forward in (data == "N D", data != "N D")
)
#: The same of one sample: a column, or a vector.
_ONE: tuple[tuple[str, bool, Mapping[str, tuple[Form, ...]]], ...] = tuple(
    (
        data,
        forward,
        {
            "C": (Form(target), Form(target, "binary"), *([Form("", "class")] if target == "C" else [])),
            "1": (Form(single), Form(single, "binary")),
        },
    )
    for data, target, single in (("D 1", "C 1", "1 1"), ("D", "C", "1"))
    for forward in (False, True)
)
#: The targets of predictions of one shape.
_TARGETS: Mapping[str, tuple[Form, ...]] = {
    "N C": (Form("N C"), Form("N", "class"), Form("N C", "class", onehot=True), Form("N C", "binary")),
    "N": (Form("N"), Form("N", "binary"), Form("N", "sign")),
}
_BIASES = ("{}", "1 {}", "{} 1", "")
#: What is compared pair by pair: two rows and what is known of them.
_COMPARED = (Form("N", "binary"), Form("N", "sign"), Form("N"), Form("N D"), Form("N", "class"))
#: What stands beside a table of the same number of rows.
_BESIDE = (Form("N C"), Form("N", "class"), Form("N"), Form("N", "binary"), Form("C"))
_ANYTHING = (Form("D"), Form("L D"), Form("", "class"), Form("K", "class"), Form(""), Form("L"))


def layouts(leaves: Sequence[Leaf]) -> Iterator[Layout]:
    """Give the forms that the leaves may have together, the usual ones first."""
    roles = {leaf.role for leaf in leaves}
    if "data" not in roles and "target" not in roles:
        ways: Iterator[Layout] = itertools.chain(_alike(leaves), _beside(leaves), _any(leaves))
    elif "weight" not in roles:
        ways = itertools.chain(_alike(leaves), _beside(leaves), _compared(leaves))
    else:
        usual = _networks(leaves), _factors(leaves)
        # Of a prediction that is given, a weight is that of a sample.
        ways = (
            itertools.chain(*usual, _alike(leaves))
            if "data" in roles
            else itertools.chain(_alike(leaves), *usual)
        )
    names = {leaf.name for leaf in leaves}
    return itertools.islice((way for way in ways if way.keys() == names), _MOST)


def _alike(leaves: Sequence[Leaf]) -> Iterator[Layout]:
    """Give layouts in which all have one shape, but for what tells of each sample its class or its side."""
    for axes, targets in _TARGETS.items():
        domains: tuple[Domain, ...] = ("small", "probability")
        for domain, target in itertools.product(domains, targets):
            own = target if target.domain != "small" else Form(axes, domain)
            forms = {"target": own, "index": Form("N", "class")}
            yield {leaf.name: forms.get(leaf.role, Form(axes, domain)) for leaf in leaves}


def _beside(leaves: Sequence[Leaf]) -> Iterator[Layout]:
    """Give layouts of tables of samples, and of what is known of each of these."""
    fixed = {"target": _BESIDE[1:4], "index": _BESIDE[1:2]}
    choices = [fixed.get(leaf.role, _BESIDE) for leaf in leaves]
    for forms in itertools.product(*choices):
        if any(form == _BESIDE[0] for form in forms):
            yield {leaf.name: form for leaf, form in zip(leaves, forms, strict=True)}


def _networks(leaves: Sequence[Leaf]) -> Iterator[Layout]:
    """Give layouts of layers one behind another; a regression is one layer."""
    weights = [leaf for leaf in leaves if leaf.role == "weight"]
    biases = [leaf for leaf in leaves if leaf.role == "bias"]
    hidden = ["H", "J"] * len(weights)
    for (data, forward, targets), out in itertools.product((*_DATA, *_ONE), ("", "C", "1")):
        firsts = ("D", "I") if len(weights) == 1 and not biases else ("D",)
        for first, bias, target in itertools.product(
            firsts, _BIASES if biases else ("",), targets.get(out, ())
        ):
            if not bias and (len(weights) > 1 or out == "C") and biases:
                continue
            widths = [first, *hidden[: len(weights) - 1], out]
            yield {
                **{leaf.name: Form(data) for leaf in leaves if leaf.role in ("data", "unknown")},
                **{leaf.name: target for leaf in leaves if leaf.role == "target"},
                **{leaf.name: Form("N", "class") for leaf in leaves if leaf.role == "index"},
                **{
                    leaf.name: Form(" ".join(pair if forward else pair[::-1]).strip())
                    for leaf, pair in zip(weights, itertools.pairwise(widths), strict=True)
                },
                **{
                    leaf.name: Form(bias.format(width) if width else "")
                    for leaf, width in zip(biases, widths[-len(biases) :], strict=False)
                },
            }


def _factors(leaves: Sequence[Leaf]) -> Iterator[Layout]:
    """Give the layout of a square table that is the product of factors: counts of pairs of words."""
    if all(leaf.role in ("data", *PARAMETERS) for leaf in leaves):
        forms = {"data": Form("L L", "positive"), "weight": Form("L D"), "bias": Form("L")}
        yield {leaf.name: forms[leaf.role] for leaf in leaves}


def _compared(leaves: Sequence[Leaf]) -> Iterator[Layout]:
    for target in _COMPARED:
        forms = {"target": target, "bias": Form("D")}
        yield {leaf.name: forms.get(leaf.role, Form("N D")) for leaf in leaves}


def _any(leaves: Sequence[Leaf]) -> Iterator[Layout]:
    """Give layouts of vectors, tables of them, and indices into these."""
    indices = tuple(form for form in _ANYTHING if form.domain == "class")
    choices = [indices if leaf.role == "index" else _ANYTHING for leaf in leaves]
    for forms in itertools.product(*choices):
        if sum(form.axes == "L D" for form in forms) == 1:
            yield {leaf.name: form for leaf, form in zip(leaves, forms, strict=True)}


def samples(layout: Layout, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Draw values for a layout."""
    rng = np.random.default_rng(seed)
    return {name: draw(rng, form.domain, form.shape, SIZES, 2.0) for name, form in layout.items()}


# --- What the docstring says ---------------------------------------------------------------------


def said_axes(text: str, leaves: Sequence[Leaf]) -> dict[str, int]:
    """Give the number of axes that a docstring says of each leaf.

    Examples
    --------
    >>> leaves = [Leaf(name, name, "weight") for name in ("X", "w", "b", "U")]
    >>> said_axes("X (ndarray (m,n)): data, w: (n,)  b (scalar), U is a table", leaves)
    {'X': 2, 'w': 1, 'b': 0}
    """
    found = {}
    for leaf in leaves:
        name = rf"(?<!\w){re.escape(leaf.name)}(?!\w)[^\n,;]{{0,20}}?"
        shape = re.search(name + r"\(([ \w+]*(?:,[ \w+]*)+)\)", text)
        if shape is not None:
            found[leaf.name] = sum(bool(part.strip()) for part in shape[1].split(","))
        elif re.search(name + r"\(?\bscalar", text):
            found[leaf.name] = 0
    return found
