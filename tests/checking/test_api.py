"""`backproof.check` for Python callers."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch

import backproof as bp
from backproof.checking.discover import NotACandidate
from backproof.checking.findings import Verdict
from backproof.checking.references import UnknownReference
from backproof.ops import CATALOGUE


class Mine:
    """A sum of squares under a name that says nothing."""

    def forward(self, prediction: Any, target: Any) -> Any:
        self.error = prediction - target
        return (self.error**2).sum()

    def backward(self) -> Any:
        return 2 * self.error


@pytest.mark.parametrize(
    ("like", "verdict"),
    [
        ("torch.nn.MSELoss(reduction='sum')", Verdict.PASS),
        (torch.nn.MSELoss(reduction="sum"), Verdict.PASS),
        (None, Verdict.PASS),
        ("mse", Verdict.FAIL),
        (torch.nn.MSELoss(), Verdict.FAIL),
        (torch.nn.MSELoss, Verdict.FAIL),
        (CATALOGUE["MSELoss"], Verdict.FAIL),
        (torch.nn.SmoothL1Loss(reduction="sum"), Verdict.FAIL),
    ],
    ids=["text", "module", "none", "name", "default", "class", "op", "other module"],
)
def test_like_takes_every_form(like: object, verdict: Verdict) -> None:
    assert bp.check(Mine, like=like).verdict is verdict


def test_any_module_of_torch_is_a_reference() -> None:
    class Softplus:
        def forward(self, x: Any) -> Any:
            self.x = x
            return np.logaddexp(0, x)

        def backward(self, g: Any) -> Any:
            return g / (1 + np.exp(-self.x))

    assert bp.check(Softplus, like=torch.nn.Softplus())
    assert bp.check(Softplus, like=torch.nn.GELU()).findings[0].diagnosis == "forward-value"


def test_torch_s_own_pass() -> None:
    for module in (
        torch.nn.Tanh,
        torch.nn.MSELoss,
        torch.nn.CrossEntropyLoss,
        torch.nn.Linear,
        torch.nn.ReLU,
    ):
        judgement = bp.check(module)
        assert judgement, f"{judgement}"
    for optimizer in (torch.optim.SGD, torch.optim.Adam):
        judgement = bp.check(optimizer)
        assert judgement, f"{judgement}"


def test_inputs_are_those_of_the_user() -> None:
    seen = []

    class Tanh:
        def forward(self, x: Any) -> Any:
            seen.append(np.shape(x))
            self.y = np.tanh(x)
            return self.y

        def backward(self, g: Any) -> Any:
            return g * (1 - self.y**2)

    assert bp.check(Tanh, inputs=[np.linspace(-1, 1, 24).reshape(2, 3, 4)])
    assert (2, 3, 4) in seen
    assert bp.check(Tanh, inputs={"input": [0.5, 1.5]})
    refused = bp.check(Tanh, inputs={"weight": [0.5, 1.5]})
    assert refused.verdict is Verdict.SKIPPED
    assert "weight" in refused.reason


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"domain": 5}, "expected domain=(low, high), two finite numbers with low < high, got domain=5"),
        ({"domain": (1, 0)}, "got domain=(1, 0)"),
        ({"domain": "ab"}, "got domain='ab'"),
        ({"seed": -1}, "expected a whole number, 0 or more, got seed=-1"),
        ({"seed": "a"}, "got seed='a'"),
        ({"seed": True}, "got seed=True"),
        ({"inputs": "x"}, "expected a list of arrays, or arrays by the names of arguments (input, target)"),
        ({"inputs": 3}, "got inputs=3"),
        ({"inputs": [np.ones(3)] * 3}, "expected at most 2 inputs (input, target), got 3"),
        ({"inputs": [np.ones((0, 3))]}, "expected elements in the array for the argument input"),
        ({"inputs": {"target": ["a"]}}, "expected an array of numbers for the argument target, got ['a']"),
        ({"inputs": [[[1, 2], [3]]]}, "expected an array of numbers for the argument input"),
        ({"like": "Adam"}, "torch.optim.Adam() is an optimizer, Mine a loss"),
        ({"like": torch.optim.SGD}, "torch.optim.SGD() is an optimizer, Mine a loss"),
        ({"like": "torch.nn.Softmax(dim=7)"}, "torch.nn.Softmax(dim=7) cannot be computed"),
        ({"like": "torch.nn.Softmax(1)"}, "expected the options of torch.nn.Softmax by their names"),
    ],
)
def test_settings_that_cannot_be_followed_are_refused_in_one_line(
    settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        bp.check(Mine, **{"like": "mse"} | settings)
    assert "\n" not in str(caught.value)


def test_inputs_may_be_one_array_or_tensors() -> None:
    ways: list[Any] = [np.ones((2, 3)), torch.ones(2, 3), [torch.ones(2, 3, dtype=torch.bfloat16)]]
    for inputs in ways:
        assert bp.check(torch.nn.Tanh, inputs=inputs)


def test_inputs_go_to_the_candidate_s_own_arguments() -> None:
    def product(a: Any, b: Any, c: Any) -> Any:
        return a * b * c

    def product_backward(g: Any, a: Any, b: Any, c: Any) -> Any:
        return g * b * c, g * a * c, -g * a * b

    arrays = [np.full((2, 3), value) for value in (1.0, 2.0, 3.0)]
    (finding,) = bp.check((product, product_backward), inputs=arrays).findings
    assert (finding.diagnosis, finding.evidence["argument"]) == ("gradient-sign", "c")


def test_the_methods_of_one_object_are_a_pair() -> None:
    class Bent:
        def forward(self, x: Any) -> Any:
            self.y = np.tanh(x)
            return self.y

        def back(self, g: Any) -> Any:
            return g * (1 - self.y**2)

        def wrong(self, g: Any) -> Any:
            return -g * (1 - self.y**2)

    bent = Bent()
    assert bp.check((bent.forward, bent.back), like="tanh")
    assert [f.diagnosis for f in bp.check((bent.forward, bent.wrong), like="tanh").findings] == [
        "gradient-sign"
    ]


def test_advice_is_for_those_who_read_it() -> None:
    text = str(bp.check((lambda x, n: x[:n], lambda g, x, n: g), name="Adam2Thing"))
    assert "--like" not in text


def test_a_judgement_prints_and_is_true_only_for_pass() -> None:
    judgement = bp.check(Mine, like="mse")
    assert not judgement
    text = f"{judgement}"
    assert "reduction" in text
    assert "Mine" in text
    with pytest.raises(AssertionError, match="reduction"):
        bp.assert_correct(Mine, like="mse")
    bp.assert_correct(Mine, like=None)


@pytest.mark.parametrize(
    "thing",
    [
        3,
        "tanh",
        None,
        np.ones(3),
        [],
        (np.tanh,),
        dict,
        object(),
    ],
    ids=["number", "text", "none", "array", "list", "one function", "type", "object"],
)
def test_what_is_no_candidate_is_refused(thing: object) -> None:
    with pytest.raises(NotACandidate, match="expected"):
        bp.check(thing)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # people have such modules all the same
def test_a_compiled_module_is_refused_by_what_it_is() -> None:
    compiled = torch.jit.trace(torch.nn.Tanh(), torch.ones(1))  # type: ignore[no-untyped-call]  # it has no types
    with pytest.raises(NotACandidate, match="got Tanh compiled to a TopLevelTracedModule"):
        bp.check(compiled)


def test_an_unknown_reference_is_refused() -> None:
    with pytest.raises(UnknownReference, match="did you mean"):
        bp.check(Mine, like="sofmax")


def test_an_unknown_name_of_the_package() -> None:
    with pytest.raises(AttributeError, match="chekc"):
        bp.chekc  # noqa: B018  # type: ignore[attr-defined]


def test_the_caller_s_random_numbers_go_on_as_if_nothing_had_been() -> None:
    import random

    def draw() -> list[float]:
        return [random.random(), float(np.random.random()), float(torch.rand(()))]  # noqa: S311  # no secret

    random.seed(3), np.random.seed(3), torch.manual_seed(3)
    expected = draw()
    random.seed(3), np.random.seed(3), torch.manual_seed(3)
    bp.check(torch.nn.Tanh)
    assert draw() == expected


def test_a_layer_without_bias_is_judged_without() -> None:
    class Linear:
        def __init__(self, n_in: int, n_out: int) -> None:
            self.W = np.zeros((n_in, n_out))

        def forward(self, x: Any) -> Any:
            self.x = x
            return x @ self.W

        def backward(self, g: Any) -> Any:
            self.dW = self.x.T @ g
            return g @ self.W.T

    judgement = bp.check(Linear)
    assert judgement, f"{judgement}"


def test_what_stands_in_the_way_is_said() -> None:
    class Tanh:
        def __init__(self, knob: Any) -> None:
            self.gain = knob.level

        def forward(self, x: Any) -> Any:
            return np.tanh(x)

        def backward(self, g: Any) -> Any:
            return g

    judgement = bp.check(Tanh)
    assert judgement.verdict is Verdict.SKIPPED
    assert "knob" in judgement.reason


def test_a_name_that_begins_like_a_reference_gets_a_hint() -> None:
    class SoftmaxColumns:
        def forward(self, x: Any) -> Any:
            e = np.exp(x - x.max(-1, keepdims=True))
            self.y = e / e.sum(-1, keepdims=True)
            return 1.02 * self.y

        def backward(self, g: Any) -> Any:
            return 1.02 * self.y * (g - (g * self.y).sum(-1, keepdims=True))

    judgement = bp.check(SoftmaxColumns)
    assert judgement.reference is None
    assert "say like='Softmax'" in judgement.reason


def test_what_has_the_numbers_of_a_hint_is_warned_and_accused_only_when_asked() -> None:
    class SoftmaxColumns:
        def forward(self, x: Any) -> Any:
            e = np.exp(x - x.max(0))
            self.y = e / e.sum(0)
            return self.y

        def backward(self, g: Any) -> Any:
            return self.y * (g - (g * self.y).sum(0))

    guessed, asked = bp.check(SoftmaxColumns), bp.check(SoftmaxColumns, like="softmax")
    assert guessed.findings[0].diagnosis == asked.findings[0].diagnosis == "wrong-axis"
    assert (guessed.verdict, asked.verdict) == (Verdict.PASS, Verdict.FAIL)
    assert "say so with like=" in guessed.reason


def test_a_layer_without_reference_is_judged_for_its_parameters_too() -> None:
    class Projection:
        def __init__(self, in_features: int, out_features: int) -> None:
            self.W = np.ones((in_features, out_features))

        def forward(self, x: Any) -> Any:
            self.x = x
            return x @ self.W

        def backward(self, g: Any) -> Any:
            self.dW = -3 * self.x.T @ g
            return g @ self.W.T

    judgement = bp.check(Projection)
    assert "for its input and for self.W" in judgement.reason
    found = [(f.diagnosis, f.evidence["argument"]) for f in judgement.findings]
    assert found == [("gradient-scale", "self.W"), ("gradient-sign", "self.W")]
