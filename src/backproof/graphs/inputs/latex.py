r"""LaTeX: the grammar of expressions in the notation of formulas.

Sums, signs and steps are read as everywhere. What is its own here:

    product     factor ((* | / | \cdot | \times | \odot | \div | nothing) factor)…
    item        number | letter [_ index] | \alpha | group | bracket | \frac group group
                | \sqrt [[ number ]] group | | sum | | function [^ power] argument
    argument    bracket | [number]… item [^ power], up to a sign or a function: \sin 2x is sin(2x)

Each letter is a name of its own, and two that stand together are a product; ``\sigma`` with a bracket is
the sigmoid, ``e`` with an exponent the exponential function, ``\pi`` the number. ``w_{12}`` is the name
``w_12``, ``w_{1,2}`` is ``w_1_2``, ``m_{t-1}`` is ``m_t_minus_1``, ``\alpha`` is ``alpha``, ``\hat{y}`` is
``y_hat``. A step is named by ``f =`` or ``f(x) =``.

What could be meant in two ways is refused: ``\sin x y``, ``\sin x/2``, ``2\frac12``, a product of two bold
letters (element by element it is ``\odot``), letters that spell the name of a function or of a Greek letter,
an exponent in brackets, ``w^{(2)}``, which mostly numbers a layer.
"""

from __future__ import annotations

import difflib

import numpy as np

from backproof.graphs.functions import function
from backproof.graphs.inputs.grammar import Program
from backproof.graphs.inputs.letters import Letters
from backproof.graphs.inputs.notation import (
    BOLD,
    BRACKETS,
    COMMANDS,
    DERIVATIVE,
    FRACTIONS,
    FUNCTIONS,
    INVERSE,
    LAYER,
    PATTERN,
    SIGNS,
    TRANSPOSE,
    UPRIGHT,
)
from backproof.graphs.inputs.tokens import Token, short
from backproof.ops import CATALOGUE
from backproof.ops.op import Op

__all__ = ["LatexReader"]

_DERIVATIVE = (
    "a derivative is what a graph gives: it cannot be part of the expression; "
    'give the function alone, and what it is derived for as in derive(f, "x") or --wrt x'
)


class LatexReader(Letters):
    """Reads LaTeX onto the same tape."""

    def __init__(self, text: str, onto: Program) -> None:
        super().__init__(text, onto, PATTERN)
        self.tokens = [_plain(token) for token in self.tokens]
        #: Whether the next | closes one.
        self.barred = False
        #: The places of what is written in bold, or computed of that element by element.
        self.vectors: set[int] = set()

    # --- products and powers

    def product(self) -> int:
        """Read factors, between which a sign may be left out."""
        divided, start = False, self.at
        place = self.factor()
        while True:
            if sign := self.accept("*", "⊙", "/"):
                divided, start = sign.text == "/", self.at
                place = self.multiplied(place, self.factor(), sign)
            elif not self.begins():
                return place
            elif divided:
                self.fail(r"what is divided by here? write \frac{a}{b}, or a sign: a/b \cdot c")
            else:
                at = self.at
                place, start = self.beside(place, start), at

    def beside(self, place: int, start: int) -> int:
        """Read a factor to which no sign leads; the one before began at a token."""
        sign, before = self.token, self.tokens[start : self.at]
        written = before[-1].kind == "number" and {each.kind for each in before} <= {"number", "sign"}
        other = self.power()
        if written and sign.text in FRACTIONS and other in self.known:
            self.fail(r"a sum or a product? write 2 + \frac{1}{2}, or 2 \cdot \frac{1}{2}", sign.place)
        return self.multiplied(place, other, sign)

    def multiplied(self, place: int, other: int, sign: Token) -> int:
        """Apply the sign between two factors; what it would mean between vectors is refused."""
        if sign.text == "/":
            return self.apply(CATALOGUE["divide"], (place, other), sign)
        if sign.text != "⊙" and {place, other} <= self.vectors:
            self.fail(
                r"a product of vectors or matrices is \operatorname{matmul}(x, y), or, element by element, "
                r"x \odot y",
                sign.place,
            )
        return self.apply(CATALOGUE["multiply"], (place, other), sign)

    def apply(self, op: Op, parents: tuple[int, ...], token: Token, **options: object) -> int:
        """Put an op on the tape; what is computed of vectors element by element is one."""
        place = super().apply(op, parents, token, **options)
        if op.elementwise and self.vectors.intersection(parents):
            self.vectors.add(place)
        return place

    def require_number(self, place: int, of: Token) -> None:
        """Refuse the power and the absolute value of a vector."""
        if place in self.vectors:
            self.fail(
                r"of a vector it could be meant for each element: x \odot x, "
                r"\operatorname{abs}(x); or for all: \operatorname{matmul}(x, x)",
                of.place,
            )

    def begins(self) -> bool:
        """Say whether a factor begins here, to which no sign leads."""
        token = self.token
        before = self.tokens[self.at - 1]
        if token.kind == "number" and before.kind == "number":
            self.fail("a sign is missing between two numbers")
        if token.text == "|":
            return not self.barred
        return token.kind in ("name", "number", "command") or token.text in ("(", "[", "{", "\\{")

    def power(self) -> int:
        """Read an item with its exponent."""
        place = self.item()
        if sign := self.accept("^"):
            self.require_no_transpose(place, sign)
            if place not in self.known and LAYER.match(self.text, sign.place):
                self.fail("the index of a layer is w_2, a power w^2", sign.place)
            self.require_number(place, sign)
            place = self.raised(place, sign)
        self.require_one_exponent()
        if self.token.text == "'":
            self.fail(_DERIVATIVE)
        return place

    def require_one_exponent(self) -> None:
        """Refuse an exponent behind another."""
        if self.token.text == "^":
            self.fail("two exponents: put the inner power into a bracket")

    def require_no_transpose(self, place: int, sign: Token) -> None:
        """Refuse x^T, unless it can only be a power: of a number, or with a T that is known as a name."""
        found = TRANSPOSE.match(self.text, sign.place)
        if found and not ("T" in found[0] and (place in self.known or "T" in self.names)):
            self.fail(
                r"a transpose is written \operatorname{transpose}(x), a product of matrices "
                r"\operatorname{matmul}(x, y), a power x^{(T)}"
            )

    def exponent(self) -> int:
        """Read what is raised: a group, a letter, or one digit."""
        return self.group("an exponent")

    def group(self, what: str) -> int:
        """Read ``{sum}``, or what LaTeX takes where there is no brace: a single sign."""
        token = self.token
        if self.accept("{"):
            return self.inside("}", token)
        if token.kind == "number" and len(token.text) > 1:
            self.fail(f"LaTeX takes {token.text[0]} alone as {what}: write {{{short(token.text)}}}")
        if token.kind not in ("number", "name", "command"):
            self.fail(f"expected {what} in braces, got {self.said()}")
        self.nested()
        place = self.item()
        self.depth -= 1
        return place

    def part(self, what: str) -> int:
        r"""Read a part of a fraction: of ``\frac12`` each digit is one."""
        token = self.token
        if token.kind == "number" and token.text[1:].isdigit():
            self.tokens[self.at] = Token("number", token.text[1:], token.place + 1)
            return self.written(Token("number", token.text[0], token.place))
        return self.group(what)

    def inside(self, close: str, opened: Token) -> int:
        """Read what stands between brackets, of which one is read."""
        barred, self.barred = self.barred, close == "|"
        place = self.comparison()
        if self.accept(close) is None:
            self.fail(f"expected {close!r} to close the {opened.text!r}, got {self.said()}")
        self.barred = barred
        return place

    # --- items

    def item(self) -> int:
        """Read what stands by itself."""
        token = self.token
        if token.kind == "number":
            return self.written(self.take())
        if token.text in BRACKETS or token.text in ("{", "|"):
            return self.enclosed(self.take())
        if token.text in FRACTIONS:
            if DERIVATIVE.match(self.text, token.place):
                self.fail(_DERIVATIVE)
            self.take()
            over, under = self.part("the part above"), self.part("the part below")
            return self.apply(CATALOGUE["divide"], (over, under), token)
        if token.text == "\\sqrt":
            return self.root(self.take())
        if (op := self.function()) is not None:
            return self.called_with(op, token)
        if token.kind not in ("name", "command"):
            self.fail(f"expected a number, a letter or a bracket, got {self.said()}")
        return self.named()

    def enclosed(self, token: Token) -> int:
        """Read what stands between brackets, or the bars of an absolute value."""
        close = "}" if token.text == "{" else BRACKETS.get(token.text, "|")
        place = self.inside(close, token)
        if close != "|":
            return place
        self.require_number(place, token)
        return self.apply(CATALOGUE["abs"], (place,), token)

    def root(self, token: Token) -> int:
        """Read a square root, or one of another degree."""
        if not self.accept("["):
            return self.apply(CATALOGUE["sqrt"], (self.group("the root"),), token)
        degree = self.inside("]", token)
        value = self.group("the root")
        inverse = self.apply(CATALOGUE["divide"], (self.constant(np.float64(1)), degree), token)
        return self.apply(CATALOGUE["power"], (value, inverse), token)

    def named(self) -> int:
        """Read a name: an input, a step, or a number that is a letter."""
        start, token = self.at, self.token
        if token.text == "\\pi":
            self.take()
            return self.constant(np.float64(np.pi))
        self.require_no_word(token)
        name = self.letter()
        if token.text == "\\partial":
            self.fail(_DERIVATIVE)
        if name is None:
            near = difflib.get_close_matches(token.text, COMMANDS, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            self.fail(f"{short(token.text)} is not known here{hint}", token.place)
        if name == "e" and "e" not in self.names and (sign := self.accept("^")):
            self.nested()
            place = self.apply(CATALOGUE["exp"], (self.exponent(),), sign)
            self.depth -= 1
            self.require_one_exponent()
            return place
        if self.token.text == "(":
            self.require_no_call(name, token)
        place = self.name(Token("name", name, token.place))
        if any(each.text in BOLD for each in self.tokens[start : self.at]):
            self.vectors.add(place)
        return place

    def require_no_call(self, name: str, token: Token) -> None:
        """Refuse f(…) where f is no function; f(x) where that is a step stands for it."""
        if name in self.onto.of:
            self.step_of(name, token)
        elif name in ("f", "g", "h"):
            self.fail(f"no function is called {name}; a product is {name} \\cdot (…)", token.place)

    # --- functions

    def function(self) -> Op | None:
        """Read the name of a function, if one is next."""
        token = self.token
        if token.text[1:] in FUNCTIONS and token.kind == "command":
            self.take()
            return function(FUNCTIONS[token.text[1:]])
        if token.text == "\\sigma" and self.following.text in ("(", "["):
            self.take()
            return CATALOGUE["Sigmoid"]
        if token.text in UPRIGHT and not self.is_upright_letter():
            self.take()
            return self.called(self.upright())
        return None

    def called_with(self, op: Op, token: Token) -> int:
        """Read the argument of a function, or several, and the exponent that may stand before."""
        raised, base = None, None
        if op.name == "log" and token.text == "\\log" and self.accept("_"):
            base = self.group("a base")
        if sign := self.accept("^"):
            start = self.token.place
            raised = self.exponent()
            if op.name in INVERSE and self.known.get(raised) == -1:
                op, raised = CATALOGUE[INVERSE[op.name]], None
            elif self.known.get(raised, 0) < 0:
                self.fail(f"write 1/{op.name}(…), or the inverse function by its name", start)
        if self.token.text in ("(", "[", "{", "\\{"):
            place = self.bracketed(op, token)
        else:
            place = self.apply(op, (self.argument(),), token)
        if base is not None:
            natural = self.apply(CATALOGUE["log"], (base,), token)
            place = self.apply(CATALOGUE["divide"], (place, natural), token)
        if raised is not None and sign:
            place = self.apply(CATALOGUE["power"], (place, raised), sign)
            self.require_one_exponent()
        return place

    def bracketed(self, op: Op, token: Token) -> int:
        """Read arguments between brackets."""
        opened = self.take()
        close = "}" if opened.text == "{" else BRACKETS[opened.text]
        given: dict[str, int] = {}
        barred, self.barred = self.barred, False
        for name in op.arguments:
            if given and not self.accept(","):
                break
            given[name] = self.comparison()
        self.barred = barred
        if self.accept(close) is None:
            self.fail(f"expected {close!r} to close the {opened.text!r}, got {self.said()}")
        self.require_all(op, given, token)
        return self.apply(op, self.tape.arranged(op, given), token)

    def argument(self) -> int:
        """Read an argument without a bracket: numbers and one item, 2x; what follows it must be a sign."""
        self.nested()
        start = self.at
        place = self.power()
        while place in self.known and self.begins() and self.token.kind != "sign" and not self.calls():
            at = self.at
            place, start = self.beside(place, start), at
        if self.token.text == "/" or (self.begins() and (place in self.known or not self.calls())):
            self.fail("where does the argument end? put it into a bracket")
        self.depth -= 1
        return place

    def calls(self) -> bool:
        """Say whether a function is next."""
        text = self.token.text
        return text in UPRIGHT or text[1:] in FUNCTIONS or (text == "\\sigma" and self.following.text == "(")


def _plain(token: Token) -> Token:
    """Give a sign as it is written elsewhere."""
    return Token("sign", SIGNS[token.text], token.place) if token.text in SIGNS else token
