"""Reading expressions: what is understood, and where an error points."""

from __future__ import annotations

import contextlib
import math
import time
import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backproof.graphs.graph import graph
from backproof.graphs.reading import ExpressionError, read

W = np.array([[0.5, -1.0], [2.0, 0.25], [-3.0, 1.5]])
#: An expression, its inputs, and its value by Python.
VALUES: dict[str, tuple[dict[str, float], float]] = {
    "2*x + 3": ({"x": 4.0}, 11.0),
    "-x**2": ({"x": 3.0}, -9.0),
    "2**-x": ({"x": 2.0}, 0.25),
    "2**3**2": ({}, 512.0),
    "2^x": ({"x": 3.0}, 8.0),
    "x - y - 1": ({"x": 5.0, "y": 3.0}, 1.0),
    "x/y/2": ({"x": 8.0, "y": 2.0}, 2.0),
    "-3 + +x": ({"x": 1.0}, -2.0),
    "(x)": ({"x": 1.5}, 1.5),
    "1e-3*x": ({"x": 2.0}, 2e-3),
    ".5*x": ({"x": 2.0}, 1.0),
    "σ(x) + ln(y)": ({"x": 0.0, "y": 1.0}, 0.5),
    "pi*x": ({"x": 1.0}, np.pi),
    "leaky_relu(x, 0.1)": ({"x": -1.0}, -0.1),
    "leaky_relu(x, negative_slope=0.1)": ({"x": -1.0}, -0.1),
    "max(x, 2)": ({"x": 1.0}, 2.0),
    "sum([1, 2, 3]*x)": ({"x": 2.0}, 12.0),
    "[1, 2, 3][1]*x": ({"x": 2.0}, 4.0),
    "sum([[1, 2], [3, 4]][:, 1:2])*x": ({"x": 1.0}, 6.0),
    "a = 2*x; b = a*a  # a square": ({"x": 3.0}, 36.0),
    "a = 2*x\n\nb = a*a\n": ({"x": 3.0}, 36.0),
    "w_1*größe": ({"w_1": 2.0, "größe": 3.0}, 6.0),
    "y = x": ({"x": 2.0}, 2.0),
    "\ufeffx + 1": ({"x": 2.0}, 3.0),
    "\ufeff$x^2$": ({"x": 2.0}, 4.0),
    "µ*ϕ": ({"μ": 2.0, "φ": 3.0}, 6.0),
    "x·y × 2 ÷ 4 − 1": ({"x": 2.0, "y": 3.0}, 2.0),
    "where(x > 0, x, 0.1*x) + where(x <= -1, 1, 0)": ({"x": -1.0}, 0.9),
    "kl_div(x, y, reduction='sum')": ({"x": 0.0, "y": 1.0}, 0.0),
    "bce_with_logits(x, y, pos_weight=2)": ({"x": 0.0, "y": 1.0}, 2 * np.log(2)),
    "subtract(other=x, input=y)": ({"x": 1.0, "y": 3.0}, 2.0),
    "f(x) = x^2; f(x) + 1": ({"x": 3.0}, 10.0),
    "erf(x) + erfc(x)": ({"x": 0.3}, 1.0),
    "3*sign(x) + sign(0*x)": ({"x": -0.3}, -3.0),
    "erf(x)": ({"x": 0.3}, math.erf(0.3)),
    "2**1000*x": ({"x": 0.5**1000}, 1.0),
}


@pytest.mark.parametrize("text", VALUES)
def test_an_expression_has_its_value(text: str) -> None:
    inputs, value = VALUES[text]
    assert graph(text, **inputs).value == pytest.approx(value, rel=1e-12)


#: What takes indices, and the sum over them of a 3×2 array, by NumPy.
INDICES = {
    "sum(embedding([0, 2], w))": W[[0, 2]].sum(),
    "sum(embedding([0., 2.], w))": W[[0, 2]].sum(),
    "sum(embedding(1, w))": W[1].sum(),
    "sum(embedding(i, w))": W[[2, 0]].sum(),
    "nll_loss(w, [0, 1, 1], reduction='sum')": -W[[0, 1, 2], [0, 1, 1]].sum(),
    "cross_entropy(w[0], [1])": np.logaddexp(W[0, 0], W[0, 1]) - W[0, 1],
}


@pytest.mark.parametrize("given", [[2, 0], [2.0, 0.0]], ids=["whole", "floating"])
@pytest.mark.parametrize("text", INDICES)
def test_indices_are_whole_numbers(text: str, given: list[float]) -> None:
    inputs = {"w": W, "i": given} if "i," in text else {"w": W}
    made = graph(text, **inputs)
    assert made.value == pytest.approx(INDICES[text], rel=1e-12)
    assert {row.name for row in made.check().rows} == {"w"}


def test_what_is_no_index_is_said() -> None:
    for text in ("embedding([0.5], w)", "nll_loss(w, [0.5, 1, 1])"):
        with pytest.raises(ExpressionError, match=r"indices are whole numbers; got \[0\.5"):
            read(text)
    with pytest.raises(ValueError, match=r"i is taken as indices: .* got 0\.5"):
        graph("embedding(i, w)", w=W, i=0.5)
    with pytest.raises(ValueError, match=r"i is taken as indices: .* got nan"):
        graph("embedding(i, w)", w=W, i=1).at(i=np.nan)


#: What is not understood, what is said, and the column that is pointed at.
ERRORS = {
    "": ("got nothing", 0),
    "2x": ("a product is written with *", 1),
    "x.T": ("transpose(x) for x.T", 1),
    "x.__class__": ("nothing has attributes", 1),
    "__import__('os')": ("no function is called __import__", 0),
    "sinn(x)": ("did you mean sin", 0),
    "sin(": ("got the end", 4),
    "sin()": ("sin takes input; got no input", 0),
    "sin(x, y)": ("and 0 options, got more", 7),
    "(x": ("to close the bracket", 2),
    "x)": ("got ')'", 1),
    "x +* y": ("got '*'", 3),
    "1e999": ("too large a number", 0),
    "1e-400*x": ("too small a number", 0),
    "1" * 1001: ("at most 1000 digits; got 1001", 0),
    "x*[9007199254740993]": ("float64 has not so many digits: write 9007199254740992.0", 3),
    "|x|": ("an absolute value is abs(x)", 0),
    "2*x|": ("an absolute value is abs(x)", 3),
    "f(x) = x^2; f(2)": ("named f(x): it stands for this alone", 12),
    "tanh(x) = x": ("tanh is a function already", 0),
    "x ? y": ("means nothing", 2),
    "x y": ("got 'y'", 2),
    "x = 2; x = 3": ("give this step another name", 7),
    "y = 2*x; x = 3": ("x is an input already", 9),
    "x = 2*x*y; f = x": ("x is an input already", 0),
    "b = 1; a = tanh(a)": ("a is an input already", 7),
    "sum(broadcast_to(x, shape=[30000, 30000]))": ("at most 10000000 numbers; got 9e+08", 26),
    "conv1d(x, w, padding=100000000)": ("at most 10000000 numbers; got 1e+08", 21),
    "x + gelu(2, approximate='no')": ("GELU cannot be computed: GELU takes approximate", 4),
    "leaky_relu(-2, negative_slope='a')": ("LeakyReLU cannot be computed", 0),
    "pi = 3": ("has a meaning of its own", 0),
    "relu(x, slope=2)": ("the options none", 8),
    "softmax(x, dim=y)": ("an option is", 15),
    "x[]": ("an index is missing", 3),
    "x[0.5]": ("whole number", 2),
    "x[a]": ("an option is", 2),
    "[1, [2]]": ("rows are of one length", 0),
    "True + 1": ("is no number", 0),
    "x == y": ("got '='", 3),
    "lambda: x": ("got ':'", 6),
    "'text'": ("expected a number, a name or a bracket", 0),
    "9**9**9": ("an exponent is at most 1000; got 387420489", 3),
    "x**-(10**6)": ("an exponent is at most 1000; got 1000000", 3),
    "2*(1/0)": ("divide of 1, 0 is too large a number", 4),
    "x + log(0 - 1)": ("log of -1 is no number", 4),
    "exp(1000)": ("too large a number", 0),
    "x\0y": ("means nothing", 1),
    "x²": ("'²' means nothing", 1),
    "x > 0": ("a comparison is a condition", 2),
    "x⃗": ("means nothing", 1),
    "tanh(x, input=y)": ("each once; got input", 8),
    "mse_loss(x)": ("got no target", 0),
    "f'x'": ("expected a sign", 1),
    "exec('x')": ("no function is called exec", 0),
    "x.__class__.__mro__[1]": ("nothing has attributes", 1),
    "().__class__": ("expected a number", 1),
    "x if y else z": ("got 'if'", 2),
    "x := 2": ("got ':'", 2),
    "[x for x in y]": ("an option is", 1),
    "\ud800": ("means nothing", 0),
    "x\u202ey": ("means nothing", 1),
    "x\x1b[2Jy": ("means nothing", 1),
    "sum(x, dim=9**9)": ("between the arguments", 12),
    "x[1:2:3:4]": ("whole number, or a slice", 8),
    "x" * 200 + "(y)": ("no function is called xxxx", 0),
}


@pytest.mark.parametrize("text", ERRORS)
def test_an_error_points_at_the_place(text: str) -> None:
    said, column = ERRORS[text]
    with pytest.raises(ExpressionError) as caught:
        read(text)
    assert said in str(caught.value)
    assert caught.value.column == column
    assert str(caught.value).splitlines()[-1] == "  " + " " * column + "^"
    assert len(str(caught.value)) < 500
    assert "\x1b" not in str(caught.value)


def test_an_error_of_a_long_text_shows_what_is_around_it() -> None:
    with pytest.raises(ExpressionError) as caught:
        read("x + " * 1000 + "?" + " + x" * 1000)
    _, line, mark = str(caught.value).splitlines()
    assert len(line) < 110
    assert line[mark.index("^")] == "?"


def test_an_error_says_the_line() -> None:
    with pytest.raises(ExpressionError) as caught:
        read("a = x\nb = a +\nc = 2")
    assert (caught.value.line, caught.value.column, caught.value.text) == (2, 7, "b = a +")


HOSTILE = {
    "brackets": "(" * 50_000,
    "signs": "-" * 50_000 + "x",
    "powers": "x**" * 30_000 + "x",
    "calls": "sin(" * 20_000,
    "arrays": "x[" * 30_000,
    "rows": "[" * 50_000,
    "digits": "9" * 200_000,
    "large": "9" * 90_000,
    "exponents": "9**9**9**9**9**9",
    "squares": "; ".join(["a0 = 10", *[f"a{i} = a{i - 1}*a{i - 1}" for i in range(1, 3000)]]),
    "letters": "x" * 90_000 + "(1)",
    "groups": "{" * 50_000,
    "fractions": r"\frac" * 18_000,
    "roots": r"\sqrt" * 18_000,
    "accents": r"\hat" * 20_000 + "x",
    "sines": r"\sin" * 20_000 + "x",
    "exponentials": "e^" * 30_000 + "{x}",
    "bars": "$" + "|" * 50_000,
    "digits of fractions": r"\frac12" * 2_000 + "{",
    "NUL": "\0" * 50_000,
    "quotes": "'" * 50_001,
    "comments": "#" * 50_000 + "\n(",
}


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """Require that something takes bounded time and memory: a run-away takes minutes, and gigabytes."""
    tracemalloc.start()
    began = time.perf_counter()
    try:
        yield
        assert time.perf_counter() - began < 5
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_are_refused_in_time_and_memory(text: str) -> None:
    with bounded(), pytest.raises(ExpressionError):
        read(text)


PARTS = [
    "x",
    "y1",
    "e",
    "2",
    "1e9",
    ".5",
    "+",
    "-",
    "*",
    "/",
    "@",
    "**",
    "^",
    "(",
    ")",
    "[",
    "]",
    ",",
    "=",
    ";",
    ":",
]
PARTS += [
    "\n",
    " ",
    "'t'",
    "sin",
    "where",
    "softmax",
    "sum",
    "dim",
    ">",
    "<=",
    ".",
    "__import__",
    "\0",
    "²",
    "ß",
    "#",
]
PARTS += [
    "\\frac",
    "\\sqrt",
    "\\sin",
    "\\log",
    "\\sigma",
    "\\alpha",
    "\\hat",
    "\\mathrm",
    "\\left",
    "{",
    "}",
    "|",
    "_",
]
PARTS += ["$", "\\", "\\\\", "\\{", "&", "\\begin{aligned}", "\\cdot", "'"]


@given(st.lists(st.sampled_from(PARTS), max_size=30))
@settings(max_examples=1500)
def test_any_parts_are_assert_read_or_refused(parts: list[str]) -> None:
    _assert_read_or_refused("".join(parts))


@given(st.text(max_size=40))
def test_any_text_is_assert_read_or_refused(text: str) -> None:
    _assert_read_or_refused(text)


def _assert_read_or_refused(text: str) -> None:
    refused: ExpressionError | None = None
    try:
        with bounded():
            program = read(text)
    except ExpressionError as error:  # any other is a defect
        refused = error
    else:
        assert program.output < len(program.tape)
    if refused is not None:
        assert 0 <= refused.column <= len(refused.text)


#: Several texts, each in its grammar, and the names in them.
SEVERAL: dict[tuple[str, ...], set[str]] = {
    ("y = sigmoid(x)", r"\frac{y}{2}"): {"x", "y"},
    (r"\frac{y}{2}", "sigmoid(y)"): {"y"},
    ("rate = 2*x", r"x \cdot 2"): {"rate", "x"},
    (r"a \cdot b", "ab"): {"a", "b"},
    (r"f(x) = \frac{x}{2}", r"2 \cdot f(x)"): {"f", "x"},
    ("a = 2*x", "a*x"): {"a", "x"},
    ("ab", r"a \cdot b"): {"a", "b"},
    ("ab/c", r"\frac{ab}{c}"): {"a", "b", "c"},
    (r"\alpha x", "alpha*x"): {"alpha", "x"},
}


@pytest.mark.parametrize("texts", SEVERAL, ids=str)
def test_of_several_texts_each_has_its_grammar(texts: tuple[str, ...]) -> None:
    program = read(*texts)
    assert set(program.names) == SEVERAL[texts]
    assert len(program.outputs) == len(texts)


def test_what_is_in_neither_grammar_is_told_as_an_expression() -> None:
    with pytest.raises(ExpressionError, match="did you mean tan or tanh"):
        read(r"\frac{x}{2}", "tahn(x)")


#: Several texts of which one could be meant in two ways, and what is said.
UNCLEAR: dict[tuple[str, ...], str] = {
    (r"\tanh(wx + b)", "w*(1 - tanh(wx + b)^2)"): r"wx: a name, or w\*x\?",
    ("ab*alpha", r"\alpha ab"): r"ab: a name, or a\*b\?",
    (r"\alpha x", "alpha x"): "got 'x'",
    ("rate = 2*x", r"\frac{rate}{2}"): "rate is a name",
}


@pytest.mark.parametrize("texts", UNCLEAR, ids=str)
def test_what_two_notations_read_otherwise_is_refused(texts: tuple[str, ...]) -> None:
    with pytest.raises(ExpressionError, match=UNCLEAR[texts]):
        read(*texts)


def test_steps_may_be_a_list() -> None:
    assert graph(["a = 2*x", r"\frac{a}{4}"], x=6.0).value == 3.0
    with pytest.raises(TypeError, match="each as a text"):
        graph(["x", 2], x=6.0)


def test_ten_thousand_steps_are_read() -> None:
    steps = ["a0 = x"] + [f"a{i} = a{i - 1} + 1" for i in range(1, 5000)]
    assert graph("\n".join(steps), x=1.0).value == pytest.approx(5000.0)
