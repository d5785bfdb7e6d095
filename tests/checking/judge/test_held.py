"""Parameters in code written by hand: in lists, as numbers, and beside what a reference has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backproof as bp
from backproof.checking.findings import Verdict

#: By its name: the code, a change that makes it wrong, its diagnosis and the parameter that it is found at.
CODE: dict[str, tuple[str, tuple[str, str], str, str]] = {
    "Swish": (
        """
        def __init__(self, beta=1.0): self.beta = beta
        def forward(self, x): self.x = x; self.s = 1 / (1 + np.exp(-self.beta * x)); return x * self.s
        def backward(self, g):
            d = self.s * (1 - self.s)
            self.dbeta = (g * self.x * self.x * d).sum()
            return g * (self.s + self.beta * self.x * d)
        """,
        ("self.x * self.x * d", "self.x * d"),
        "inner-derivative-missing",
        "self.beta",
    ),
    "Sigmoid": (
        """
        def __init__(self): self.k = np.array([1.0])
        def forward(self, x): self.x = x; self.s = 1 / (1 + np.exp(-self.k * x)); return self.s
        def backward(self, g):
            d = g * self.s * (1 - self.s)
            self.dk = np.array([(d * self.x).sum()])
            return d * self.k
        """,
        ("return d * self.k", "return d"),
        "inner-derivative-missing",
        "input",
    ),
    "Linear": (
        """
        def __init__(self, i, o):
            self.W, self.b, self.scale = np.random.randn(i, o), np.zeros(o), np.ones(o)
        def forward(self, x): self.x = x; self.h = x @ self.W; return self.h * self.scale + self.b
        def backward(self, g):
            d, self.dscale, self.db = g * self.scale, (g * self.h).sum(0), g.sum(0)
            self.dW = self.x.T @ d
            return d @ self.W.T
        """,
        ("(g * self.h).sum(0)", "-(g * self.h).sum(0)"),
        "gradient-sign",
        "self.scale",
    ),
    "Scale": (
        """
        def __init__(self): self.s = np.array(1.5)
        def forward(self, x): self.x = x; return np.tanh(x) * self.s
        def backward(self, g):
            self.ds = (g * np.tanh(self.x)).sum()
            return g * self.s * (1 - np.tanh(self.x) ** 2)
        """,
        (".sum()", ".mean()"),
        "gradient-scale",
        "self.s",
    ),
    "Gain": (
        """
        def __init__(self): self.s = np.float32(1.5)
        def forward(self, x): self.x = x; return np.tanh(x) * self.s
        def backward(self, g):
            self.grad_s = (g * np.tanh(self.x)).sum()
            return g * self.s * (1 - np.tanh(self.x) ** 2)
        """,
        (".sum()", ".sum() * 2"),
        "gradient-scale",
        "self.s",
    ),
    "Perceptron": (
        """
        def __init__(self, sizes):
            self.W = [np.random.randn(a, b) * 0.5 for a, b in zip(sizes, sizes[1:])]
            self.b = [np.zeros(b) for b in sizes[1:]]
        def forward(self, x):
            self.h = [x]
            for i, (W, b) in enumerate(zip(self.W, self.b)):
                x = np.tanh(x @ W + b) if i < len(self.W) - 1 else x @ W + b
                self.h.append(x)
            return x
        def backward(self, g):
            self.dW, self.db = [None] * len(self.W), [None] * len(self.W)
            for i in reversed(range(len(self.W))):
                if i < len(self.W) - 1: g = g * (1 - self.h[i + 1] ** 2)
                self.dW[i] = self.h[i].T @ g; self.db[i] = g.sum(0); g = g @ self.W[i].T
            return g
        """,
        ("g.sum(0)", "g.mean(0)"),
        "gradient-scale",
        "self.b[0]",
    ),
    "Stack": (
        """
        def __init__(self, n):
            self.layers = [{"W": np.random.randn(n, 3) * 0.5}, {"W": np.random.randn(3, 2) * 0.5}]
        def forward(self, x):
            self.x, self.h = x, np.tanh(x @ self.layers[0]["W"])
            return self.h @ self.layers[1]["W"]
        def backward(self, g):
            d = g @ self.layers[1]["W"].T * (1 - self.h ** 2)
            self.grads = [{"dW": self.x.T @ d}, {"dW": self.h.T @ g}]
            return d @ self.layers[0]["W"].T
        """,
        ("self.x.T @ d}", "-self.x.T @ d}"),
        "gradient-sign",
        'self.layers[0]["W"]',
    ),
    "Backwards": (  # its gradients stand in the order in which they were made
        """
        def __init__(self, n):
            self.W = [np.random.randn(n, 3) * 0.5, np.random.randn(3, 2) * 0.5]
        def forward(self, x):
            self.x, self.h = x, np.tanh(x @ self.W[0])
            return self.h @ self.W[1]
        def backward(self, g):
            self.dW = [self.h.T @ g]
            d = g @ self.W[1].T * (1 - self.h ** 2)
            self.dW.append(self.x.T @ d)
            return d @ self.W[0].T
        """,
        ("[self.h.T @ g]", "[-self.h.T @ g]"),
        "gradient-sign",
        "self.W[1]",
    ),
}


def _made(name: str, text: str) -> Any:
    space: dict[str, Any] = {"np": np}
    exec(f"class {name}:{text}", space)  # noqa: S102  # the code of the table
    return space[name]


@pytest.mark.parametrize("name", CODE)
def test_right_it_passes_and_its_parameters_are_judged(name: str) -> None:
    judgement = bp.check(_made(name, CODE[name][0]))
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert "not judged" not in judgement.reason
    assert "not for" not in judgement.reason


@pytest.mark.parametrize("name", CODE)
def test_wrong_it_is_named_with_the_parameter(name: str) -> None:
    text, change, diagnosis, argument = CODE[name]
    assert change[0] in text
    judgement = bp.check(_made(name, text.replace(*change)))
    found = {(f.diagnosis, f.evidence["argument"]) for f in judgement.findings}
    assert (diagnosis, argument) in found, f"{judgement}"


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("Sigmoid", ("self.dk =", "self.slope ="), "not judged: self.k (no gradient of its name was found)"),
        ("Perceptron", ("self.db[i] = g.sum(0)", "self.dW.append(g.sum(0))"), "self.b[0], self.b[1]"),
    ],
    ids=["no gradient", "a list of another length"],
)
def test_what_has_no_gradient_to_be_judged_is_said(name: str, change: tuple[str, str], said: str) -> None:
    text = CODE[name][0]
    assert change[0] in text
    judgement = bp.check(_made(name, text.replace(*change)))
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert said in judgement.reason
