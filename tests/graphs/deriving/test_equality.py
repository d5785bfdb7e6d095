"""Claims that hold and claims that do not: no true one is refuted, and no false one is proven, or holds."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from backproof.graphs.deriving.prove import prove

#: An expression, the name that it is differentiated for, and what is equal to it.
TRUE: dict[str, list[tuple[str, str | None, str]]] = {
    "numbers that are no simple fractions": [
        ("tanh(1.2345*x)", "x", "1.2345/cosh(1.2345*x)^2"),
        ("1 - sigmoid(1.2345*x)", None, "sigmoid(-1.2345*x)"),
        (
            "sigmoid(1.2345*x + 0.6789)",
            "x",
            "1.2345*exp(-(1.2345*x + 0.6789))/(1 + exp(-(1.2345*x + 0.6789)))^2",
        ),
        ("1 - cos(0.1234*x)", None, "2*sin(0.0617*x)^2"),
        ("(x + 0.1234)^4 - x^4 - 0.4936*x^3 - 0.09136536*x^2", None, "0.007516323616*x + 0.0002318785835536"),
        ("123456.789*x - 123456*x", None, "0.789*x"),
        ("(x + 12345.6789) - x", None, "12345.6789"),
        ("1e-9*x", None, "x/1000000000"),
        ("celu(x, alpha=1.2345)", "x", "where(x > 0, 1, exp(x/1.2345))"),
        ("gelu(x, approximate='tanh')", None, "0.5*x*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x^3)))"),
    ],
    "numbers that were rounded": [
        ("gelu(x, approximate='tanh')", None, "x/(1 + exp(-1.5957691216057308*(x + 0.044715*x^3)))"),
        ("log(2)*x", None, "0.6931471805599453*x"),
        ("0.1234567890123456*x^3", "x", "0.3703703670370368*x^2"),
        ("12.345678901234567*x^3", "x", "37.037036703703706*x^2"),
        ("x/0.6931471805599453", None, "1.4426950408889634*x"),
        ("exp(x*log(2)) - 1", None, "exp(x*0.6931471805599453) - 1"),
        (
            "selu(x)",
            "x",
            "where(x > 0, 1.0507009873554805, 1.0507009873554805*1.6732632423543772*exp(x))",
        ),
    ],
    "what an op is only for": [
        ("bce_loss(p, t)", "p", "(p - t)/(p*(1 - p))"),
        ("bce_loss(p, t)", "t", "log(1 - p) - log(p)"),
        ("bce_loss(sigmoid(x), t)", "x", "sigmoid(x) - t"),
        ("kl_div(log(p), t)", "p", "-t/p"),
    ],
    "branches that no number shows": [
        ("softplus(x)", None, "log(1 + exp(x))"),
        ("softplus(x)", "x", "1/(1 + exp(-x))"),
        ("softplus(x, beta=2)", "x", "sigmoid(2*x)"),
        ("logsigmoid(x)", None, "-softplus(-x)"),
        ("mish(x)", None, "x*tanh(softplus(x))"),
        ("softplus(x) - softplus(-x)", None, "x"),
    ],
    "what cancels, or is real far away only": [
        ("tanh(sin(x)^2 + cos(x)^2 - 1)", None, "0"),
        ("where(sin(x)^2 + cos(x)^2 > 1, 5, 0)", None, "0"),
        ("log(x - 5000)", "x", "1/(x - 5000)"),
        ("asin(x) + acos(x)", None, "pi/2"),
        ("x*sign(x)", "x", "sign(x)"),
        ("x*sign(x)", None, "abs(x)"),
    ],
}
FALSE: dict[str, list[tuple[str, str | None, str]]] = {
    "a little more": [
        ("x*1.0000000000001", None, "x"),
        ("0.333333333333333*x", None, "x/3"),
        ("3.14159265358979*x", None, "pi*x"),
        ("0.1234567890123456*x", None, "0.12345678901234*x"),
        ("x + 1e-45", None, "x"),
        ("9007199254740993*x", None, "9007199254740992*x"),
        ("-9007199254740993*x", None, "-9007199254740992*x"),
        ("1.0000000000000001*x", None, "x"),
        ("3.14159265358979323846*x", None, "pi*x"),
        ("x^2 + 1e-30", None, "x^2"),
    ],
    "a period that points may lie on": [
        ("sin(100*pi*x)", None, "0"),
        ("cos(pi*x*200)", "x", "0"),
        ("cos(200*pi*x)", None, "cos(400*pi*x)"),
    ],
    "steep": [
        ("sigmoid(10000*x)", None, "where(x > 0, 1, 0)"),
        ("tanh(10000.5*x)", None, "where(x > 0, 1, -1)"),
        ("exp(-1000000*(x - 0.005)^2)", None, "0"),
    ],
    "a kink that is not straight": [
        ("relu(x^2 - 1700)", None, "0"),
        ("relu(exp(x) - 1e18)", None, "0"),
        ("relu(x*relu(x^2 - 10000))", None, "0"),
    ],
    "a branch that shows": [
        ("softplus(x, threshold=1)", None, "log(1 + exp(x))"),
        ("hardtanh(x/100)", None, "x/100"),
        ("huber_loss(x, t, delta=1000)", None, "(x - t)^2/2"),
    ],
}


def _rows(table: Mapping[str, list[tuple[str, str | None, str]]]) -> list[tuple[str, str | None, str]]:
    return [row for rows in table.values() for row in rows]


@pytest.mark.parametrize(("text", "wrt", "claim"), _rows(TRUE))
def test_what_is_true_holds(text: str, wrt: str | None, claim: str) -> None:
    assert prove(text, wrt, claim).kind in ("proven", "holds")


@pytest.mark.parametrize(("text", "wrt", "claim"), _rows(FALSE))
def test_what_is_false_is_refuted(text: str, wrt: str | None, claim: str) -> None:
    assert prove(text, wrt, claim).kind == "refuted"


#: Of arrays: an element of one is no input of the name that people may write for it.
NAMES: list[tuple[str, str, dict[str, tuple[int, ...]]]] = [
    ("x_1*sum(x)", "x[0]*(x[0] + x[1])", {"x": (2,)}),
    ("x_2*sum(x)", "x[1]*(x[0] + x[1])", {"x": (2,)}),
    ("x_1[0]", "x[0, 0]", {"x": (11, 2), "x_1": (2,)}),
    ("x_11*sum(x)", "x[0, 0]*sum(x)", {"x": (2, 2)}),
]


@pytest.mark.parametrize(("text", "claim", "shapes"), NAMES)
def test_an_element_is_no_input(text: str, claim: str, shapes: dict[str, tuple[int, ...]]) -> None:
    assert prove(text, None, claim, shapes=shapes).kind == "refuted"


@pytest.mark.parametrize("text", ["0.3333333333333333*x", "sum([0.3333333333333333]*x)"])
def test_a_rounded_third_is_not_proven_to_be_one(text: str) -> None:
    assert prove(text, None, "x/3").kind == "holds"


def test_what_is_nowhere_a_number_is_not_proven() -> None:
    line = prove("sqrt(-x^2 - 1)", "x", "-x/sqrt(-x^2 - 1)").lines[0]
    assert str(line.verdict) == "undecided: no point was found at which both are real numbers"
