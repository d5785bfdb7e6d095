"""Derivations: right, step by step, against SymPy, PyTorch and published results."""

from __future__ import annotations

import dataclasses
import html.parser
import time
from typing import Any

import numpy as np
import pytest
import sympy
import torch
from hypothesis import HealthCheck, given, settings
from sympy.parsing.sympy_parser import parse_expr

from backproof.graphs.api import derive
from backproof.graphs.deriving.derivation import Derivation
from backproof.graphs.deriving.prove import prove
from backproof.graphs.deriving.shown import Shown
from backproof.graphs.deriving.verdict import Verdict
from backproof.graphs.graph import graph
from backproof.graphs.symbols import NotSymbolic
from tests.graphs.deriving.expressions import EXPRESSIONS, NAMES, by_torch
from tests.test_golden import GOLDEN, assert_printed

AT = {"x": 0.7, "y": -0.4, "z": 1.3, "a": 0.3, "b": -0.6, "w1": 0.5, "w2": -0.2, "x1": 1.1, "x2": 0.4}
ROWS = GOLDEN["autograd"]
LETTERS = {name: sympy.Symbol(name, real=True) for name in (*AT, *"cdefgh")}


def _ids(rows: list[dict[str, Any]]) -> list[str]:
    return [f"{number}-{row['f']}" for number, row in enumerate(rows)]


def _inputs(text: str, at: dict[str, float]) -> dict[str, float]:
    names = {str(name) for name in parse_expr(text.replace("^", "**"), LETTERS).free_symbols}
    return {name: value for name, value in at.items() if name in names}


NUMERIC = [row for row in ROWS if "grad" in row]
SYMBOLIC = [row for row in ROWS if "grad_symbolic" in row]


@pytest.mark.parametrize("row", NUMERIC, ids=_ids(NUMERIC))
def test_published_gradients_are_reproduced(row: dict[str, Any]) -> None:
    g = graph(row["f"], **{name: float(value) for name, value in row["at"].items()})
    for name, expected in row["grad"].items():
        assert_printed(g[name].grad, expected, row.get("digits", 12))
        derivation = g.derive(name)
        assert_printed(derivation.value, expected, row.get("digits", 12))
        at = {LETTERS[key]: value for key, value in row["at"].items()}
        assert_printed(float(derivation.formula.subs(at)), expected, row.get("digits", 12))


@pytest.mark.parametrize("row", SYMBOLIC, ids=_ids(SYMBOLIC))
def test_published_formulas_are_proven(row: dict[str, Any]) -> None:
    where = row.get("where", "")
    if "named" in row:
        where = row["named"].rpartition(";")[0]
    for name, expected in row["grad_symbolic"].items():
        proof = prove(row["f"], wrt=name, claim=expected, where=where, seconds=20)
        assert proof.kind == "proven", str(proof)


@pytest.mark.parametrize("row", ROWS, ids=_ids(ROWS))
def test_each_step_is_proven_or_holds(row: dict[str, Any]) -> None:
    text = row.get("named", row["f"])
    g = graph(text, **{name: abs(value) for name, value in _inputs(row["f"], AT).items()})
    for name in row.get("grad") or row["grad_symbolic"]:
        derivation = g.derive(name)
        assert derivation, str(derivation)
        kinds = {step.verdict.kind for step in derivation.steps if step.rule != "simplification"}
        assert kinds == {"proven"}
        assert derivation.value == pytest.approx(g[name].grad, rel=1e-12)


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(EXPRESSIONS)
def test_random_expressions_are_derived_as_sympy_and_pytorch_do(text: str) -> None:
    at = {name: value for name, value in AT.items() if name in NAMES and name in text.replace("exp", "")}
    functions = {
        "sigmoid": lambda u: 1 / (1 + sympy.exp(-u)),
        "softplus": lambda u: sympy.log(1 + sympy.exp(u)),
    }
    formula = sympy.sympify(parse_expr(text, {**LETTERS, **functions}))
    tensors = {name: torch.tensor(value, dtype=torch.float64) for name, value in at.items()}
    for tensor in tensors.values():
        tensor.requires_grad_(True)
    output = by_torch(text, tensors)
    g = graph(text, **at)
    for name in at:
        derivation = g.derive(name, seconds=2.0)
        assert all(step.verdict.kind != "refuted" for step in derivation.steps), str(derivation)
        numbers = {LETTERS[key]: sympy.Rational(str(value)) for key, value in at.items()}
        expected = float(sympy.diff(formula, LETTERS[name]).xreplace(numbers).evalf(20))
        found = float(derivation.formula.xreplace(numbers).evalf(20))
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)
        assert derivation.value == pytest.approx(expected, rel=1e-9, abs=1e-12)
        gradient: Any = torch.autograd.grad(output, tensors[name], retain_graph=True, allow_unused=True)[0]
        theirs = 0.0 if gradient is None else gradient.item()
        assert derivation.value == pytest.approx(theirs, rel=1e-9, abs=1e-12)


#: An expression, two names, and the second derivative by hand.
SECOND = {
    ("x**3*y", "x", "x"): "6*x*y",
    ("x**3*y", "x", "y"): "3*x**2",
    ("x**3*y", "y", "y"): "0",
    ("exp(2*x)", "x", "x"): "4*exp(2*x)",
    ("sin(x*y)", "x", "y"): "cos(x*y) - x*y*sin(x*y)",
    ("tanh(x)", "x", "x"): "-2*tanh(x)*(1 - tanh(x)**2)",
    ("x/y", "y", "y"): "2*x/y**3",
    ("mse_loss(x, y)", "x", "y"): "-2",
}


@pytest.mark.parametrize(("text", "one", "other"), SECOND)
def test_second_derivatives(text: str, one: str, other: str) -> None:
    at = {name: abs(AT[name]) for name in ("x", "y") if name in text.replace("exp", "")}
    derivation = graph(text, **at).derive(one, other)
    assert sympy.simplify(derivation.formula - parse_expr(SECOND[text, one, other], LETTERS)) == 0
    assert derivation
    assert derivation.value == pytest.approx(graph(text, **at).hessian()[one, other], rel=1e-12)


#: Of what has kinks: the second derivative for x at x = 0.7 and y = 0.4.
KINKS = {"relu(x)*x": 2.0, "abs(x)*x**2": 4.2, "max(x, y)*x": 2.0, "min(x, y)*x": 0.0, "relu(-x)*x": 0.0}


@pytest.mark.parametrize("text", KINKS)
def test_second_derivatives_beside_kinks(text: str) -> None:
    derivation = graph(
        text, **{name: abs(AT[name]) for name in "xy" if name in text.replace("max", "")}
    ).derive("x", "x")
    assert derivation.value == pytest.approx(KINKS[text], rel=1e-12)
    assert all(step.verdict.kind != "refuted" for step in derivation.steps), str(derivation)


def test_a_third_derivative() -> None:
    assert graph("x**4", x=2.0).derive("x", "x", "x").formula == 24 * LETTERS["x"]


def test_a_step_on_the_way_is_derived_for_and_derived() -> None:
    g = graph("a = 2*x; b = sin(a); f = b*x", x=0.5)
    assert str(g.derive("a").formula) == "x*cos(a)"
    assert str(g.derive("x", to="b").formula) == "2*cos(2*x)"


def test_elements_of_arrays_may_be_what_it_is_made_of() -> None:
    derivation = graph("tanh(w*x[1])", w=0.5, x=np.array([1.0, 2.0])).derive("w")
    assert str(derivation.formula) == "x[1]*(1 - tanh(w*x[1])**2)"
    assert derivation


def test_a_wrong_rule_is_refuted() -> None:
    g = graph("f = x*sin(y)", x=2.0, y=0.5)
    place = next(place for place, op in enumerate(g.tape.ops) if op is not None and op.name == "sin")
    op = g.tape.ops[place]
    assert op is not None
    right = op.rules["input"]
    g.tape.ops[place] = op.replace(rules={"input": lambda *roles: 2 * right(*roles)})
    kinds = {step.rule: step.verdict.kind for step in g.derive("y").steps}
    assert kinds["chain rule"] == "proven"
    assert kinds["local derivatives"] == "refuted"
    assert not g.derive("y")


# --- what it says, and what it cannot do


@pytest.fixture(scope="module")
def derivation() -> Derivation:
    return graph("a = w*x; f = tanh(a)", w=0.5, x=2.0).derive("w")


def test_as_latex(derivation: Derivation) -> None:
    latex = derivation.to_latex()
    assert latex.splitlines()[1:3] == [r"a &= w x \\", r"f &= \tanh{\left(a \right)} \\"]
    assert r"\text{chain rule: proven}" in latex
    assert r"\frac{\partial f}{\partial a} = 1 - f^{2} \text{ (derivative of tanh)}" in latex
    assert r"\frac{\partial f}{\partial a} \cdot \frac{\partial a}{\partial w}" in latex
    assert latex.count("{") == latex.count("}")
    assert derivation._repr_latex_().startswith(r"$\displaystyle \begin{aligned}")


def test_as_markdown(derivation: Derivation) -> None:
    assert derivation.to_markdown().count("1. **") == len(derivation.steps)
    assert "1. **chain rule** (proven)" in derivation.to_markdown()


def test_each_form_has_the_rules_and_the_verdicts(derivation: Derivation) -> None:
    refuted = Verdict("refuted", why="so it is")
    wrong = dataclasses.replace(
        derivation, steps=tuple(dataclasses.replace(step, verdict=refuted) for step in derivation.steps)
    )
    for text in (wrong.to_text(), wrong.to_latex(), wrong.to_markdown(), wrong.to_html()):
        assert text.count("refuted: so it is") == len(derivation.steps)
        assert all(step.rule in text for step in derivation.steps)


#: Expressions, a name, what stands above the derivation, and its last line.
SHOWN = {
    ("x*x", "x"): ("a = x*x", "2*x"),
    ("x + x", "x"): ("a = x + x", "2"),
    ("8*x**4 + 3*x**3 + 7*x**2 + 6*x + 3", "x"): ("c = x**3", "32*x**3 + 9*x**2 + 14*x + 6"),
    ("2*(3*x)", "x"): ("b = 2*a", "6"),
    ("w*x", "w"): ("a = w*x", "x"),
    ("relu(w*x + b)", "w"): ("d = relu(c) = max(0, c)", "where(b + w*x <= 0, 0, x)"),
    ("x/(1 + x)/3", "x"): ("b = x/a", "1/(3*(x + 1)**2)"),
    ("gelu(x)", "x"): (
        "a = gelu(x) = x*(1 - erfc(sqrt(2)*x/2)/2)",
        "sqrt(2)*x*exp(-x**2/2)/(2*sqrt(pi)) - erfc(sqrt(2)*x/2)/2 + 1",
    ),
}


@pytest.mark.parametrize(("text", "name"), SHOWN)
def test_it_begins_as_it_was_written_and_ends_with_the_formula(text: str, name: str) -> None:
    derivation = derive(text, name)
    assert SHOWN[text, name][0] in {note.shown.text for note in derivation.given}
    last = derivation.steps[-1].right.text
    assert last.replace(" · ", "*") == SHOWN[text, name][1] == Shown.of(derivation.formula).text
    assert derivation


def test_rounding_is_no_simplification() -> None:
    rules = [step.rule for step in derive("selu(x)", "x").steps]
    assert rules == ["derivative of SELU"]


def test_of_two_that_are_the_same_it_is_said_which() -> None:
    notes = [note.rule for step in derive("b = x*x; tanh(b)", "x").steps for note in step.notes]
    assert notes == ["derivative of tanh", "product rule, for the first x", "product rule, for the second x"]


class _Balanced(html.parser.HTMLParser):
    """Sees that each element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("text", ["a = w*x; f = tanh(a)", "f = relu(w*x)", "f = max(w, x)*w"])
def test_as_html(text: str) -> None:
    page = _Balanced()
    page.feed(graph(text, w=0.5, x=2.0).derive("w")._repr_html_())
    assert page.open == []


#: What cannot be derived, and what is said.
ERRORS: dict[str, tuple[dict[str, Any], str, type[Exception], str]] = {
    "an array": ({"x": np.ones(2)}, "sum(x*x)", NotSymbolic, "single numbers; .* has shape=\\(2,\\)"),
    "no such name": ({"x": 1.0}, "x*x", KeyError, "the nodes are x, a; got 'q'"),
    "more than anybody reads": (
        {"x": 1.0},
        "; ".join(["a0 = x*x", *(f"a{n} = a{n - 1}*a{n - 1}" for n in range(1, 9))]),
        NotSymbolic,
        "more than 24 paths",
    ),
    "a number without end": (
        {"x": 1.0},
        "a = 1.01**100; b = a**100; x*b",
        NotSymbolic,
        "not written out",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_what_cannot_be_derived_is_said(case: str) -> None:
    inputs, text, kind, said = ERRORS[case]
    with np.errstate(all="ignore"), pytest.raises(kind, match=said):
        graph(text, **inputs).derive("q" if kind is KeyError else "x")


#: With numbers that are no simple fractions, or branches that only keep what is computed finite.
PROVEN = (
    "sigmoid(1.2345*x + 0.6789)",
    "logsigmoid(1.2345*x)",
    "bce_loss(sigmoid(x), y)",
    "softplus(1.2345*x)",
)


@pytest.mark.parametrize("text", PROVEN)
def test_no_step_is_refuted_by_rounding(text: str) -> None:
    derivation = graph(text, **{name: 0.3 for name in "xy" if name in text}).derive("x")
    assert {step.verdict.kind for step in derivation.steps} == {"proven"}, str(derivation)


def test_numbers_are_shown_as_they_were_written() -> None:
    text = str(graph("sigmoid(1.2345*x + 0.6789)", x=1.0).derive("x"))
    assert "exp(-1.2345*x - 0.6789)" in text
    assert "00000" not in text


def test_an_element_is_derived_for_twice() -> None:
    g = graph("tanh(w*x[1]*w)", w=0.5, x=np.array([1.0, 2.0]))
    assert g.derive("w", "w").value == pytest.approx(g.hessian("w")["w", "w"], rel=1e-12)


@pytest.mark.parametrize("text", ["x/0", "log(x - x)", "1/(x - x)"])
def test_what_has_no_value_is_refused(text: str) -> None:
    with pytest.raises(NotSymbolic, match="has no value: there is a division by 0, or a logarithm of it"):
        graph(text, x=1.0).derive("x")


def test_what_is_real_nowhere_says_so() -> None:
    derivation = graph("sqrt(-x**2 - 1)", x=1.0).derive("x")
    assert not derivation
    assert "no point was found at which both are real numbers" in str(derivation)


def test_half_of_a_tie_goes_either_way() -> None:
    derivation = graph("minimum(x, x)", x=0.5).derive("x")
    assert str(derivation.formula) == "1"
    assert derivation.value == 1.0


def test_it_is_given_up_in_time() -> None:
    names = {f"{letter}{number}": 0.3 for letter in "xy" for number in range(20)}
    text = "x"
    for number in range(20):
        text = f"maximum({text}, y{number}*sin(x{number}))"
    g = graph(text, x=0.5, **names)
    start = time.monotonic()
    with pytest.raises(NotSymbolic, match="too long to write out"):
        g.derive("x", seconds=1)
    assert time.monotonic() - start < 12
    with pytest.raises(ValueError, match="expected seconds above 0"):
        g.derive("x", seconds=float("nan"))


def test_a_name_is_no_markup() -> None:
    from backproof.graphs.deriving.shown import Shown

    shown = Shown.of(sympy.Symbol("<b>$`\\x", real=True) * LETTERS["x"])
    assert "<b>" not in shown.mathml
    assert "&lt;b&gt;" in shown.mathml
    assert not set("<>`") & set(shown.latex)
    assert r"\$" in shown.latex


def test_nothing_to_derive_for_is_said() -> None:
    with pytest.raises(TypeError, match=r"expected the name .* formulas\.grad"):
        graph("x", x=1.0).derive()


def test_an_index_is_shown_as_it_is_written() -> None:
    derivation = graph(r"\beta m_{t-1} + x_{t+1}", beta=0.9, m_t_minus_1=1.0, x_t_plus_1=2.0).derive("beta")
    assert "m_{t-1}" in derivation.to_latex()
    assert "<mi>t</mi><mo>-</mo><mi>1</mi>" in derivation.to_html()
