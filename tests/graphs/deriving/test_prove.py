"""Proofs: written tasks are settled, and what is wrong in a line is named."""

from __future__ import annotations

import time
from typing import Any

import pytest

from backproof.graphs.deriving.prove import prove
from backproof.graphs.reading import ExpressionError
from backproof.graphs.symbols import NotSymbolic

SIGMOID = "y = 1/(1 + exp(-x))"
LINEAR = {"X": (2, 3), "W": (3, 2), "G": (2, 2)}
LOGITS = {"x": (3,), "t": (3,)}
TRUE: dict[str, dict[str, Any]] = {
    "the sigmoid's derivative": {"f": "1/(1 + exp(-x))", "wrt": "x", "claim": "y*(1 - y)", "where": SIGMOID},
    "its derivation": {
        "f": "1/(1 + exp(-x))",
        "wrt": "x",
        "claim": ["= exp(-x)/(1 + exp(-x))**2", "= 1/(1 + exp(-x)) * exp(-x)/(1 + exp(-x))", "= y*(1 - y)"],
        "where": SIGMOID,
    },
    "softmax of two logits is a sigmoid": {
        "f": ["exp(a)/(exp(a) + exp(b))", "1/(1 + exp(b - a))", "sigmoid(a - b)"]
    },
    "so says the op": {"f": ["softmax(x)[0]", "sigmoid(x[0] - x[1])"], "shapes": {"x": (2,)}},
    "the inverse of the sigmoid": {"f": ["log(y/(1 - y))", "x"], "where": SIGMOID},
    "and the other way": {"f": ["sigmoid(x)", "p"], "where": "x = log(p/(1 - p))"},
    "a neuron": {
        "f": "tanh(w1*x1 + w2*x2 + b)",
        "wrt": "w1",
        "claim": "(1 - tanh(w1*x1 + w2*x2 + b)**2)*x1",
    },
    "softmax with cross-entropy": {
        "f": "-log(p[1])",
        "wrt": "x",
        "claim": "p - [0, 1, 0]",
        "where": "p = softmax(x)",
        "shapes": {"x": (3,)},
    },
    "of any target": {
        "f": "-sum(t*log(softmax(x)))",
        "wrt": "x",
        "claim": "softmax(x)*sum(t) - t",
        "shapes": LOGITS,
    },
    "so says the loss": {
        "f": "cross_entropy(x, t)",
        "wrt": "x",
        "claim": "softmax(x)*sum(t) - t",
        "shapes": LOGITS,
    },
    "a linear layer's weight": {"f": "sum(G*(X@W))", "wrt": "W", "claim": "transpose(X)@G", "shapes": LINEAR},
    "a linear layer's input": {"f": "sum(G*(X@W))", "wrt": "X", "claim": "G@transpose(W)", "shapes": LINEAR},
    "a linear layer's bias": {
        "f": "sum(G*(X@W + b))",
        "wrt": "b",
        "claim": "sum(G, dim=0)",
        "shapes": {**LINEAR, "b": (2,)},
    },
    "least squares": {
        "f": "mean((X@w - t)**2)",
        "wrt": "w",
        "claim": "2*transpose(X)@(X@w - t)/3",
        "shapes": {"X": (3, 2), "w": (2,), "t": (3,)},
    },
    "of a name given by a step": {"f": "log(y)", "wrt": "x", "claim": "1 - y", "where": SIGMOID},
    "the rectifier": {"f": ["relu(x) - relu(-x)", "x"]},
    "a tie": {"f": "maximum(x, x)", "wrt": "x", "claim": "1"},
    "a tie that is not plain": {"f": "maximum(relu(x) - relu(-x), x)", "wrt": "x", "claim": "1"},
    "a choice": {"f": "minimum(x, y)", "wrt": "x", "claim": "where(x < y, 1, 0)"},
    "roots of positive numbers": {"f": ["sqrt(x)*sqrt(y)", "sqrt(x*y)"]},
    "where the logarithm is": {"f": "log(3*x)", "wrt": "x", "claim": "sqrt(x**2)/x**2"},
    "a class": {
        "f": "cross_entropy(z, 0)",
        "wrt": "z",
        "claim": "softmax(z) - [1, 0]",
        "shapes": {"z": (2,)},
    },
    "LaTeX, and its words in no LaTeX": {
        "f": r"\frac{1}{1 + e^{-x}}",
        "wrt": "x",
        "claim": "y*(1 - y)",
        "where": "y = sigmoid(x)",
    },
    "and the reverse": {"f": "tanh(x)", "wrt": "x", "claim": r"1 - \tanh^2(x)"},
    "two letters that are a product": {"f": [r"a \cdot b", "ab", "2ab/2"]},
    "a name in LaTeX": {"f": r"\theta_{1}^2", "wrt": r"\theta_{1}", "claim": r"2\theta_1"},
    "GELU": {"f": "gelu(x)", "wrt": "x", "claim": "(1 + erf(x/sqrt(2)))/2 + x*exp(-x^2/2)/sqrt(2*pi)"},
    "classes": {
        "f": "cross_entropy(z, [0, 2])",
        "wrt": "z",
        "claim": "(softmax(z) - [[1, 0, 0], [0, 0, 1]])/2",
        "shapes": {"z": (2, 3)},
    },
}


@pytest.mark.parametrize("task", TRUE)
def test_a_right_solution_is_proven(task: str) -> None:
    proof = prove(**TRUE[task], seconds=20)
    assert proof.kind == "proven", str(proof)
    assert proof


#: A wrong solution, and the name of what is wrong in it.
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "the inner derivative of an exponential": (
        {"f": "exp(2*x + 3)", "wrt": "x", "claim": "exp(2*x + 3)"},
        "inner-derivative-missing",
    ),
    "that of a square": (
        {"f": "sin((3*x - 5)**2)", "wrt": "x", "claim": "cos((3*x - 5)**2)*2*(3*x - 5)"},
        "inner-derivative-missing",
    ),
    "all that is inside": (
        {"f": "sin((3*x - 5)**2)", "wrt": "x", "claim": "cos((3*x - 5)**2)"},
        "inner-derivative-missing",
    ),
    "a sign": (
        {"f": "sin((3*x - 5)**2)", "wrt": "x", "claim": "-6*(3*x - 5)*cos((3*x - 5)**2)"},
        "gradient-sign",
    ),
    "the signs of a quotient": ({"f": "cos(x)*y", "wrt": "x", "claim": "sin(x)*y"}, "gradient-sign"),
    "a factor": ({"f": "x**3", "wrt": "x", "claim": "x**2"}, "gradient-scale"),
    "a mean": (
        {
            "f": "mean((X@w - t)**2)",
            "wrt": "w",
            "claim": "2*transpose(X)@(X@w - t)",
            "shapes": {"X": (3, 2), "w": (2,), "t": (3,)},
        },
        "gradient-scale",
    ),
    "the input for the output": ({"f": "sigmoid(x)", "wrt": "x", "claim": "x*(1 - x)"}, "input-for-output"),
    "the output for the input": ({"f": "log(x)", "wrt": "x", "claim": "1/log(x)"}, "output-for-input"),
    "another's gradient": (
        {"f": "tanh(v*x + w*y)", "wrt": "v", "claim": "(1 - tanh(v*x + w*y)**2)*y"},
        "gradients-swapped",
    ),
    "the transpose": (
        {"f": "sum(G*(X@W))", "wrt": "W", "claim": "transpose(G)@X", "shapes": LINEAR},
        "transposed-gradient",
    ),
    "a shape": (
        {"f": "sum(G*(X@W))", "wrt": "W", "claim": "X@W@transpose(G)", "shapes": LINEAR},
        "gradient-shape",
    ),
    "half of a tie": ({"f": "maximum(x, x)", "wrt": "x", "claim": "2"}, "gradient-scale"),
    "nothing that is known": ({"f": "x**3", "wrt": "x", "claim": "3*x**2 + x"}, "gradient-value"),
}


@pytest.mark.parametrize("task", WRONG)
def test_what_is_wrong_is_named(task: str) -> None:
    given, name = WRONG[task]
    line = prove(**given).lines[0]
    assert line.verdict.kind == "refuted"
    names = [mistake.diagnosis.name for mistake in line.mistakes if mistake.diagnosis]
    assert name in names
    assert line.verdict.values or line.verdict.why
    generic = {"gradient-value", "gradient-shape"}
    assert not generic & set(names) or names == [name]


#: Where several paths lead to the output, a claim without one of them, and what is said of it.
LEFT_OUT: dict[tuple[str, str], str] = {
    ("(x + y)*(x - y)", "x - y"): "that through x - y is left out: x + y is not added",
    ("(x + 1)*x", "x"): "that straight into x*(x + 1) is left out: x + 1 is not added",
    ("x*exp(x)", "exp(x)"): "that through exp(x) is left out: x*exp(x) is not added",
    ("sin(x)*x", "sin(x)"): "that through sin(x) is left out: x*cos(x) is not added",
    ("x*sin(x)", "x*cos(x)"): "that straight into x*sin(x) is left out: sin(x) is not added",
    ("x**2 + sin(x)", "cos(x)"): "that through x**2 is left out: 2*x is not added",
    ("x/(1 + x)", "1/(1 + x)"): "that through x + 1 is left out",
}


@pytest.mark.parametrize(("text", "claim"), LEFT_OUT)
def test_a_path_that_is_left_out_is_said(text: str, claim: str) -> None:
    [mistake] = prove(text, wrt="x", claim=claim).lines[0].mistakes
    assert mistake.diagnosis is not None
    assert mistake.diagnosis.name == "gradient-value"
    assert mistake.says.startswith("x leads to the output along several paths; ")
    assert LEFT_OUT[text, claim] in mistake.says


def test_two_explanations_that_fit_are_both_given() -> None:
    mistakes = prove("(x + y)*exp(x)", wrt="x", claim="exp(x)").lines[0].mistakes
    names = [mistake.diagnosis.name for mistake in mistakes if mistake.diagnosis]
    assert names == ["gradient-value", "gradients-swapped"]


def test_a_factor_of_one_is_not_what_is_missing() -> None:
    for text, claim in (("(x + y)*(x - y)", "x - y"), ("(2*x)*exp(x)", "exp(x)")):
        mistakes = prove(text, wrt="x", claim=claim).lines[0].mistakes
        assert not any("is not multiplied in" in mistake.says for mistake in mistakes)


def test_e_is_a_name() -> None:
    said = "e is a name here; Euler's number is exp(1)"
    assert said in [mistake.says for mistake in prove("e^x", "x", "e^x").lines[0].mistakes]
    assert said in [mistake.says for mistake in prove("e^x", None, "exp(x)").lines[0].mistakes]
    assert prove("e^x", "x", "e^x*log(e)").kind == "proven"
    assert not any(said in mistake.says for mistake in prove("exp(x)", "x", "x").lines[0].mistakes)


def test_the_line_that_is_wrong_is_found_and_those_behind_it_are_judged() -> None:
    proof = prove(["(a + b)**2", "a**2 + 2*a*b + b**2", "a**2 + a*b + b**2", "a*(a + b) + b**2"])
    assert [line.verdict.kind for line in proof.lines] == ["proven", "refuted", "proven"]
    assert proof.kind == "refuted"
    assert not proof


#: Lines that cannot be computed, whether it is a gradient, and what is said.
UNFIT: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "of a gradient": (
        {"f": "sum(G*(X@W))", "wrt": "W", "claim": ["X@G", "transpose(X)@G"], "shapes": LINEAR},
        ["refuted", "proven"],
        "gradient-shape",
    ),
    "of a line": (
        {"f": ["sum(X)", "sum(X@X)", "1*sum(X)"], "shapes": {"X": (2, 3)}},
        ["refuted", "proven"],
        "",
    ),
    "behind a step": (
        {"f": "sum(X)", "claim": ["u = X@X; sum(u)", "sum(u) + 1"], "shapes": {"X": (2, 3)}},
        ["refuted", "refuted"],
        "",
    ),
}


@pytest.mark.parametrize("case", UNFIT)
def test_a_line_whose_shapes_do_not_fit_is_refuted(case: str) -> None:
    given, kinds, diagnosis = UNFIT[case]
    proof = prove(**given)
    assert [line.verdict.kind for line in proof.lines] == kinds
    assert "of shapes" in proof.lines[0].verdict.why
    [mistake] = proof.lines[0].mistakes
    assert (mistake.diagnosis.name if mistake.diagnosis else "") == diagnosis


def test_the_element_that_differs_is_named() -> None:
    verdict = prove(["x*[1, 1]", "x*[1, 2]"], shapes={"x": (2,)}).lines[0].verdict
    assert verdict.element == (1,)
    assert "in element [1]" in str(verdict)
    assert "element" not in str(prove(["x", "2*x"]).lines[0].verdict)


def test_a_wrong_gradient_is_not_held_against_a_candidate() -> None:
    says = str(prove("nll_loss(x, [0])", "x", "x", shapes={"x": (1, 2)}).lines[0].mistakes[0])
    assert says.startswith("gradient-value: it is not the gradient")
    assert "candidate" not in says


def test_a_factor_between_lines_is_said_without_a_name() -> None:
    mistake = prove(["a + a", "3*a"]).lines[0].mistakes[0]
    assert str(mistake) == "it is 3/2 times what it should be"


def test_a_line_without_proof_holds_at_points() -> None:
    proof = prove(["asin(x) + acos(x)", "pi/2"])
    assert str(proof.lines[0].verdict) == "holds at 12 points"
    assert proof


@pytest.mark.parametrize("claim", ["0", "where(x < 12, 0, x - 10)"])
def test_what_holds_on_one_side_of_a_kink_only_is_refuted(claim: str) -> None:
    assert prove("relu(x - 10)", claim=claim).kind == "refuted"


@pytest.mark.parametrize("far", ["7", "700", "-30000"])
def test_a_kink_is_found_wherever_it_lies(far: str) -> None:
    assert prove(f"maximum(x, {far})", claim=far).kind == "refuted"
    assert prove(f"maximum(x, {far})", claim="x").kind == "refuted"
    assert prove(f"maximum(x, {far})", claim=f"where(x > {far}, x, {far})").kind == "proven"


def test_a_function_that_is_nowhere_real_is_not_compared() -> None:
    assert prove("sqrt(-1 - x**2)**2", claim="x").kind == "undecided"


def test_values_are_written_until_they_differ() -> None:
    assert str(prove("exp(0*x)", claim="1 + 1/10**30").lines[0].verdict).startswith("refuted: 1.0")


#: More than SymPy can do in a second, and what the numbers tell.
LONG: dict[str, tuple[dict[str, Any], str]] = {
    "many terms": ({"f": "+".join(f"sin(x*{n})" for n in range(1500)), "claim": "x"}, "refuted"),
    "many elements": (
        {
            "f": "cross_entropy(X@W, T)",
            "wrt": "W",
            "claim": "transpose(X)@(softmax(X@W)*sum(T, dim=1, keepdim=True) - T)/8",
            "shapes": dict.fromkeys("XWT", (8, 8)),
        },
        "holds",
    ),
    "many elements, and a mistake": (
        {"f": "cross_entropy(X@W, T)", "wrt": "W", "claim": "W", "shapes": dict.fromkeys("XWT", (8, 8))},
        "refuted",
    ),
}


@pytest.mark.parametrize("case", LONG)
def test_where_time_is_short_the_numbers_tell(case: str) -> None:
    given, kind = LONG[case]
    start = time.monotonic()
    proof = prove(**given, seconds=1)
    assert time.monotonic() - start < 12  # a process may have to be started, on a busy machine
    assert proof.kind == kind, str(proof)


def test_a_formula_without_the_numbers_of_the_rules_accuses_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    from backproof.graphs.deriving import elements, solution

    right = elements.backward
    monkeypatch.setattr("backproof.graphs.deriving.solution.backward", lambda *given: 2 * right(*given))
    words = solution.Task(["tanh(x)", "1 - tanh(x)**2"], "", "x", {}).words()
    assert "has not the numbers" in solution.written(words)["doubt"]
    monkeypatch.undo()
    solution._formulas.cache_clear()
    assert not solution.written(words)["doubt"]


@pytest.mark.parametrize("claim", ["", "=", "# what it is", " ; "])
def test_an_empty_line_is_refused(claim: str) -> None:
    with pytest.raises(ValueError, match="line 2 of 2 is empty"):
        prove("x", claim=claim)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("inf"), float("nan")])
def test_no_time_and_no_end_are_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="expected seconds above 0"):
        prove("x", claim="x", seconds=seconds)


def test_the_time_is_limited() -> None:
    hard = "+".join(f"sin(x + {n})**{n}*tanh(y*{n})" for n in range(1, 40))
    start = time.monotonic()
    prove([hard, f"{hard} + 0*x", f"({hard})*(sin(x)**2 + cos(x)**2)"], seconds=2)
    assert time.monotonic() - start < 60


ERRORS: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "nothing to prove": ({"f": "x"}, ValueError, "expected a line and what it is claimed"),
    "no such name": ({"f": "x", "claim": "x", "wrt": "q"}, ValueError, "the names are x; got 'q'"),
    "a shape of nothing": ({"f": "x", "claim": "x", "shapes": {"q": (2,)}}, ValueError, "got 'q'"),
    "too large": ({"f": "sum(x)", "claim": "x", "shapes": {"x": (100, 100)}}, NotSymbolic, "at most 64"),
    "the gradient of an array": (
        {"f": "x*x", "claim": "2*x", "wrt": "x", "shapes": {"x": (2,)}},
        NotSymbolic,
        "is that of one number",
    ),
    "two names": ({"f": "x*y", "claim": "x", "wrt": ["x", "y"]}, TypeError, r"got wrt=\['x', 'y'\]"),
    "a first line of shapes that do not fit": (
        {"f": "sum(X@X)", "claim": "1", "shapes": {"X": (2, 3)}},
        NotSymbolic,
        "the first line cannot be computed: matmul of shapes",
    ),
    "indices that are names": (
        {"f": "nll_loss(x, t)", "claim": "1", "shapes": {"x": (1, 2), "t": (1,)}},
        NotSymbolic,
        "NLLLoss takes indices",
    ),
    "no grammar": ({"f": "__import__('os')", "claim": "x"}, ExpressionError, "no function is called"),
    "attributes": ({"f": "x", "claim": "x.__class__"}, ExpressionError, "attributes"),
    "a power without end": ({"f": "x**2", "claim": "x**(9**9**9)"}, ValueError, "at most|not written out"),
    "a formula without end": (
        {
            "f": "; ".join(["a0 = x + y", *(f"a{n} = a{n - 1}*sin(a{n - 1})" for n in range(1, 60))]),
            "claim": "x",
        },
        NotSymbolic,
        "is read by nobody",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_what_cannot_be_proven_is_said_in_time(case: str) -> None:
    given, kind, said = ERRORS[case]
    start = time.monotonic()
    with pytest.raises(kind, match=said):
        prove(**given)
    assert time.monotonic() - start < 30


def test_it_is_shown() -> None:
    proof = prove("exp(2*x)", wrt="x", claim="exp(2*x)")
    assert proof.to_latex().startswith(r"\begin{aligned}")
    assert "inner-derivative-missing" in proof.to_latex()
    assert "inner-derivative-missing" in proof.to_markdown()
    assert "inner-derivative-missing" in proof._repr_html_()
    assert "<script>" not in prove(["x", "x"], where="# <script>")._repr_html_()
