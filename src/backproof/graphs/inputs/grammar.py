"""The grammar of expressions, which is closed: what is not of it is an error that points at the place.

    program     step, separated by line ends or semicolons
    step        [name [( names )] =] sum
    comparison  sum [(< | <= | > | >=) sum]
    sum         product (+ | - product)…
    product     factor (* | / | @ factor)…
    factor      (+ | -) factor | power
    power       item [(** | ^) factor]
    item        number | name | name ( arguments ) | ( comparison ) | [ numbers ] | item [ index ]

Nothing is evaluated: names are inputs, steps or ops of the catalogue, and there is nothing else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np

from backproof.graphs.functions import COMPARISONS, function, like, needed
from backproof.graphs.inputs.literals import WORDS, Literals
from backproof.graphs.inputs.tokens import Token, short
from backproof.graphs.tape import Tape
from backproof.ops import CATALOGUE
from backproof.ops.op import Op

__all__ = ["Program", "Reader"]

_PATTERN = re.compile(
    r"(?P<space>[ \t\f\r\u00a0]+|#[^\n]*)"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<text>\"[^\"\n]*\"|'[^'\n]*')"
    r"|(?P<end>[;\n])"
    r"|(?P<sign>\*\*|[<>]=?|[-+*/@^()\[\],:=.·×÷−|])"
)
#: With a larger exponent nearly every number is 0 or too large; as a formula it is none that ends.
_LARGEST_EXPONENT = 1000
_BARS = "an absolute value is abs(x)"
_CONSTANTS = {"pi": math.pi, "π": math.pi, "inf": math.inf}
_OPS = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "·": "multiply",
    "×": "multiply",
    "÷": "divide",
    "−": "subtract",
    "@": "matmul",
    "**": "power",
    "^": "power",
}


@dataclass(frozen=True)
class Program:
    """What was read: the tape, the place of each name, and of each text that of its last step."""

    tape: Tape = field(default_factory=Tape)
    names: dict[str, int] = field(default_factory=dict)
    outputs: list[int] = field(default_factory=list)
    #: The values of what is made of numbers alone.
    known: dict[int, np.float64] = field(default_factory=dict)
    #: The steps that were named with their inputs, f(x) = …, and how these were written.
    of: dict[str, str] = field(default_factory=dict)

    @property
    def output(self) -> int:
        """The place of the last step of all."""
        return self.outputs[-1]

    @property
    def inputs(self) -> dict[str, int]:
        """The places of the names that have no formula: values are given for them."""
        return {name: place for name, place in self.names.items() if self.tape.is_input(place)}


class Reader(Literals):
    """Reads by recursive descent, one method a line of the grammar."""

    def __init__(self, text: str, onto: Program, pattern: re.Pattern[str] = _PATTERN) -> None:
        super().__init__(text, pattern)
        self.onto, self.tape, self.names, self.known = onto, onto.tape, onto.names, onto.known

    # --- steps

    def program(self) -> Program:
        """Read all steps, onto what was read before."""
        output = None
        while self.token.kind != "stop":
            if self.token.kind == "end":
                self.take()
                continue
            output = self.step()
            if self.token.kind not in ("end", "stop"):
                self.unfinished()
        if output is None:
            self.fail("expected an expression, got nothing", 0)
        self.onto.outputs.append(output)
        return self.onto

    def unfinished(self) -> NoReturn:
        """Say what is wrong where a step should have ended."""
        before, token = self.tokens[self.at - 1], self.token
        if token.text == ".":
            self.fail("nothing has attributes here: call a function, as transpose(x) for x.T")
        if token.text == "=":
            self.fail("a step is given a name only where it begins: name = expression")
        if token.text == "|":
            self.fail(_BARS)
        if token.text in COMPARISONS:
            self.fail("a comparison is a condition: where(x > 0, a, b)")
        if (before.kind == "number" and token.kind == "name") or token.text == "(":
            self.fail("a sign is missing: a product is written with *")
        self.fail(f"expected a sign or the end of the step, got {self.said()}")

    def step(self) -> int:
        """Read a step, and give it its name."""
        named = self.naming()
        place = self.sum()
        if named is not None:
            self.require_free(named)
            if self.tape.ops[place] is None or place in self.tape.names:
                # Another name of what has one already is a node of its own: x as it is.
                place = self.apply(CATALOGUE["add"], (place, self.constant(np.float64(0))), named)
            self.tape.names[place] = named.text
            self.names[named.text] = place
        return place

    def naming(self) -> Token | None:
        """Read the name of a step and the sign behind it, where there is one: ``f =`` or ``f(x, y) =``."""
        start, token = self.at, self.token
        if token.kind in ("name", "command") and (name := self.letter()) is not None:
            written = self.inputs()
            if self.accept("="):
                named = Token("name", name, token.place)
                if written:
                    self.require_no_function(named)
                    self.onto.of[name] = written
                return named
        self.at = start
        return None

    def inputs(self) -> str:
        """Read names in a bracket, as they stand behind that of a function; give them as text."""
        start, found = self.at, []
        if self.accept("("):
            while self.token.kind in ("name", "command") and (name := self.letter()) is not None:
                found.append(name)
                if self.accept(")"):
                    return ", ".join(found)
                if not self.accept(","):
                    break
        self.at = start
        return ""

    def letter(self) -> str | None:
        """Read what may be a name; ``None`` if it is none."""
        return self.take().text if self.token.kind == "name" else None

    def require_no_function(self, named: Token) -> None:
        """Refuse the name of a function for a step."""
        if function(named.text) is not None:
            self.fail(f"{short(named.text)} is a function already: give this step another name", named.place)

    def step_of(self, name: str, token: Token) -> None:
        """Read what stands behind a step that was named as f(x) where it is used: the same."""
        if self.inputs() != self.onto.of[name]:
            self.fail(
                f"{name} is a step, named {name}({self.onto.of[name]}): it stands for this alone", token.place
            )

    def require_free(self, named: Token) -> None:
        """Refuse a name for a step that means something already, also in what is on its right side."""
        name = short(named.text)
        if named.text in self.names:
            what = "an input" if self.tape.is_input(self.names[named.text]) else "an earlier step"
            self.fail(f"{name} is {what} already: give this step another name", named.place)
        if named.text in _CONSTANTS or named.text in WORDS:
            self.fail(f"{name} has a meaning of its own: give this step another name", named.place)

    # --- sums, products, powers

    def comparison(self) -> int:
        """Read a sum, or a condition."""
        place = self.sum()
        if sign := self.accept(*COMPARISONS):
            place = self.apply(COMPARISONS[sign.text], (place, self.sum()), sign)
        return place

    def sum(self) -> int:
        """Read products that are added."""
        self.nested()
        place = self.product()
        while sign := self.accept("+", "-", "−"):
            place = self.apply(CATALOGUE[_OPS[sign.text]], (place, self.product()), sign)
        self.depth -= 1
        return place

    def product(self) -> int:
        """Read factors that are multiplied."""
        place = self.factor()
        while sign := self.accept("*", "/", "@", "·", "×", "÷"):
            place = self.apply(CATALOGUE[_OPS[sign.text]], (place, self.factor()), sign)
        return place

    def factor(self) -> int:
        """Read a power with its signs."""
        sign = self.accept("+", "-", "−")
        if sign is None:
            return self.power()
        self.nested()
        if self.token.kind == "number" and self.following.text not in ("**", "^", "["):
            place = self.written(self.take(), "+" if sign.text == "+" else "-")
        elif sign.text == "+":
            place = self.factor()
        else:
            place = self.apply(CATALOGUE["negative"], (self.factor(),), sign)
        self.depth -= 1
        return place

    def power(self) -> int:
        """Read an item with its exponent."""
        place = self.item()
        if sign := self.accept("**", "^"):
            place = self.raised(place, sign)
        return place

    def raised(self, place: int, sign: Token) -> int:
        """Read the exponent, and apply it."""
        self.nested()
        start = self.token.place
        exponent = self.exponent()
        self.depth -= 1
        size = abs(self.known.get(exponent, np.float64(0)))
        if size > _LARGEST_EXPONENT:
            self.fail(f"an exponent is at most {_LARGEST_EXPONENT}; got {size:.12g}", start)
        return self.apply(CATALOGUE["power"], (place, exponent), sign)

    def exponent(self) -> int:
        """Read an exponent."""
        return self.factor()

    def apply(self, op: Op, parents: tuple[int, ...], token: Token, **options: object) -> int:
        """Put an op on the tape; of numbers alone its value must be one."""
        place = self.tape.apply(op, parents, options)
        values = [self.known[parent] for parent in parents if parent in self.known]
        if len(values) == len(parents) and op.elementwise and op.reduction is None:
            try:
                with np.errstate(all="ignore"):
                    value = op.forward(np, *values, **{**op.options, **options})
            except (TypeError, ValueError) as error:
                self.fail(f"{op.name} cannot be computed: {str(error).partition(chr(10))[0]}", token.place)
            if not np.isfinite(value) and np.isfinite(values).all():
                what = "too large a number" if np.isinf(value) else "no number"
                self.fail(f"{op.name} of {', '.join(f'{one:.12g}' for one in values)} is {what}", token.place)
            self.known[place] = np.float64(value)
        return place

    def constant(self, value: np.float64) -> int:
        """Put a number on the tape."""
        place = self.tape.constant(value)
        self.known[place] = value
        return place

    def written(self, token: Token, sign: str = "") -> int:
        """Put a number on the tape as it is written."""
        value = self.number(token)
        place = self.constant(-value if sign == "-" else value)
        self.tape.literals[place] = sign + token.text
        return place

    # --- items

    def item(self) -> int:
        """Read what stands by itself."""
        token = self.take()
        if token.kind == "number":
            place = self.written(token)
        elif token.kind == "name":
            if token.text in self.onto.of and self.token.text == "(":
                self.step_of(token.text, token)
            place = self.call(token) if self.token.text == "(" else self.name(token)
        elif token.text == "(":
            place = self.comparison()
            self.expect(")", "to close the bracket")
        elif token.text == "[":
            self.at -= 1
            place = self.tape.constant(self.array())
            self.tape.literals[place] = ""
        elif token.text == "|":
            self.fail(_BARS, token.place)
        else:
            self.at -= token.kind != "stop"
            self.fail(f"expected a number, a name or a bracket, got {self.said()}")
        while self.token.text == "[":
            place = self.apply(CATALOGUE["indexing"], (place,), self.take(), index=self.index())
        return place

    def name(self, token: Token) -> int:
        """Give the node of a name: an input, if it is new."""
        name = token.text
        if name in self.names:
            return self.names[name]
        if name in _CONSTANTS:
            return self.constant(np.float64(_CONSTANTS[name]))
        if name in WORDS:
            self.fail(f"{name} is no number", token.place)
        self.names[name] = self.tape.variable(name)
        return self.names[name]

    # --- calls

    def called(self, token: Token) -> Op:
        """Give the op that is called by a name."""
        op = function(token.text)
        if op is None:
            near = like(token.text)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            self.fail(f"no function is called {short(token.text)}{hint}", token.place)
        return op

    def call(self, token: Token) -> int:
        """Read the arguments of a function, and apply it."""
        op = self.called(token)
        self.take()
        given: dict[str, int] = {}
        options: dict[str, object] = {}
        free = [*op.arguments, *op.options]
        while not self.accept(")"):
            if given or options:
                self.expect(",", f"between the arguments of {short(token.text)}")
            name = self.keyword(op, free)
            free.remove(name)
            if name in op.arguments:
                given[name] = self.comparison()
            else:
                options[name] = self.option()
        self.require_all(op, given, token)
        return self.apply(op, self.tape.arranged(op, given), token, **options)

    def require_all(self, op: Op, given: Mapping[str, int], token: Token) -> None:
        """Refuse a call that lacks an argument."""
        lacking = ", ".join(name for name in needed(op) if name not in given)
        if lacking:
            self.fail(f"{op.name} takes {', '.join(needed(op))}; got no {lacking}", token.place)

    def keyword(self, op: Op, free: list[str]) -> str:
        """Give the name of an argument or option: it stands before its value, or is the next."""
        token = self.token
        if token.kind == "name" and self.following.text == "=":
            if token.text not in free:
                has = f"{', '.join(op.arguments)} and the options {', '.join(op.options) or 'none'}"
                self.fail(
                    f"{op.name} has the arguments {has}, each once; got {short(token.text)}", token.place
                )
            self.take()
            self.take()
            return token.text
        if not free:
            self.fail(
                f"{op.name} takes {len(op.arguments)} arguments and {len(op.options)} options, got more"
            )
        return free[0]
