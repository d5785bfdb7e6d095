"""NumPy classes of every style: each answers as PyTorch does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backproof.checking.candidate import Case, Signature
from backproof.checking.discover import adapt
from tests.checking.adapt.asking import (
    ask,
    assert_right,
    case_for,
    expected,
    run,
    signature_for,
    the_candidate,
)
from tests.checking.adapt.numpy_components import OTHERS, TANH
from tests.checking.adapt.numpy_layers import LINEAR


@pytest.mark.parametrize("text", TANH.values(), ids=TANH)
def test_an_activation_is_called_as_it_is_meant(text: str) -> None:
    assert_right(ask(text, "Tanh"), "backward")


@pytest.mark.parametrize("text", TANH.values(), ids=TANH)
def test_every_case_has_its_own_answer_also_on_the_same_instance(text: str) -> None:
    asked = ask(text, "Tanh")
    for sizes, seed in (({"N": 3, "D": 7}, 1), ({"N": 5, "D": 2}, 2), ({"N": 7, "D": 5}, 3)):
        case = case_for("Tanh", sizes, seed)
        grad_output, output, gradients = expected("Tanh", case, {}, seed)
        for fresh in (False, True):
            answer = asked.candidate.call(Case(case.inputs, grad_output), asked.convention, fresh=fresh)
            assert answer.output is not None
            np.testing.assert_allclose(answer.output, output, rtol=1e-12)
            gradient = answer.gradients["backward"]["input"]
            assert gradient is not None
            np.testing.assert_allclose(gradient, gradients["input"], rtol=1e-8)


@pytest.mark.parametrize("text", TANH.values(), ids=TANH)
def test_float32_stays_float32(text: str) -> None:
    asked = ask(text, "Tanh")
    answer = asked.candidate.call(asked.case.astype(np.float32), asked.convention)
    gradient = answer.gradients["backward"]["input"]
    assert answer.output is not None
    assert gradient is not None
    assert str(answer.output.dtype) == str(gradient.dtype) == "float32"


@pytest.mark.parametrize(("reference", "text", "options"), OTHERS.values(), ids=OTHERS)
def test_options_reductions_and_targets(reference: str, text: str, options: dict[str, Any]) -> None:
    asked = ask(text, reference, **options)
    assert_right(asked, "backward", ["input"])
    for name, value in options.items():
        assert asked.convention["options"][name] == value


def test_coefficients_of_what_has_no_reference_are_chosen() -> None:
    candidate = the_candidate(
        """
        class ScaledSine:
            def __init__(self, scale):
                self.scale = scale
            def forward(self, x, beta):
                self.x, self.beta = x, beta
                return self.scale * np.sin(beta * x)
            def backward(self, g):
                return g * self.scale * self.beta * np.cos(self.beta * self.x)
        """
    )
    shapes = {"input": (7, 5)}
    (convention,) = candidate.conventions(Signature("elementary", shapes))
    assert convention["construct"] == {"scale": {"value": 0.7}}
    assert convention["call"] == {"x": "input", "beta": {"value": 0.7}}
    assert candidate.call(Case({"input": np.ones((7, 5))}, np.ones((7, 5))), convention).raised is None
    assert candidate.conventions(Signature("activation", shapes, {}, "Tanh")) == []


def test_options_with_defaults_are_left_where_nothing_asks_for_them() -> None:
    candidate = the_candidate(OTHERS["a slope by another name"][1])
    signature = signature_for("LeakyReLU", case_for("LeakyReLU"))
    silent = type(signature)(signature.kind, signature.shapes, {}, signature.reference)
    assert candidate.conventions(silent)[0]["construct"] == {}
    assert candidate.conventions(signature)[0]["defaults"] == {"negative_slope": 0.2}


@pytest.mark.parametrize(("text", "wanted"), LINEAR.values(), ids=LINEAR)
def test_a_layer_gets_its_parameters_and_gives_their_gradients(text: str, wanted: list[str] | None) -> None:
    asked = ask(text, "Linear")
    assert_right(asked, "backward", wanted)
    for sizes, seed in (
        ({"N": 3, "I": 2, "O": 5}, 1),
        ({"N": 5, "I": 4, "O": 4}, 2),
        ({"N": 7, "I": 5, "O": 3}, 3),
    ):
        case = case_for("Linear", sizes, seed)
        grad_output, asked.output, asked.gradients = expected("Linear", case, {}, seed)
        for dtype in (np.float64, np.float32):
            whole = Case(case.inputs, grad_output).astype(dtype)
            asked.answer = asked.candidate.call(whole, asked.convention)
            if dtype is np.float64:
                assert_right(asked, "backward", wanted)
            else:
                assert asked.answer.output is not None
                assert asked.answer.output.dtype == np.float32
    if wanted is not None:
        assert set(asked.answer.gradients["backward"]) == set(wanted)


def test_a_layer_without_a_bias_says_so() -> None:
    text = """
        class Linear:
            def __init__(self, n_in, n_out):
                self.W = np.zeros((n_in, n_out))
            def forward(self, x):
                self.x = x
                return x @ self.W
            def backward(self, g):
                self.dW = self.x.T @ g
                return g @ self.W.T
    """
    asked = ask(text, "Linear")
    assert asked.convention["absent"] == ["bias"]
    case = asked.case
    without = Case({**case.inputs, "bias": np.zeros(3)}, case.grad_output)
    _, asked.output, asked.gradients = expected("Linear", without, {})
    assert_right(asked, "backward", ["input", "weight"])


def test_a_weight_gradient_of_the_wrong_shape_stays_visible() -> None:
    text = LINEAR["(in, out), bias a row, a pair of gradients with the weight's first"][0]
    wrong = text.replace("self.x.T @ in_gradient", "in_gradient.T @ self.x")
    gradient = ask(wrong, "Linear").answer.gradients["backward"]["weight"]
    assert gradient is not None
    assert gradient.shape == (5, 3)  # the candidate's (in, out) is (5, 3); straightened, it should be (3, 5)


def test_a_bias_gradient_that_keeps_the_batch_stays_visible() -> None:
    text = LINEAR["attributes"][0].replace("dvalues.sum(axis=0)", "dvalues")
    gradient = ask(text, "Linear").answer.gradients["backward"]["bias"]
    assert gradient is not None
    assert gradient.shape == (7, 3)


# --- What goes wrong is in the answer ------------------------------------------------------------


def test_nothing_returned_is_a_missing_gradient() -> None:
    text = TANH["backward takes the incoming gradient"].replace("return dout *", "dout *")
    assert ask(text, "Tanh").answer.gradients["backward"] == {"input": None}


def test_the_incoming_gradient_kept_on_the_object_is_no_gradient() -> None:
    text = """
        class Tanh:
            def forward(self, x):
                self.y = np.tanh(x)
                return self.y
            def backward(self, grad):
                self.received = grad
    """
    assert ask(text, "Tanh").answer.gradients["backward"] == {"input": None}


MUTATIONS = {
    "input": ("x *= 1.0000001", "pass"),
    "grad_output": ("pass", "dout[:] = dout * (1 - self.y ** 2)"),
}


@pytest.mark.parametrize("what", MUTATIONS)
def test_changes_in_place_are_noticed(what: str) -> None:
    forward, backward = MUTATIONS[what]
    text = f"""
        class Tanh:
            def forward(self, x):
                {forward}
                self.y = np.tanh(x)
                return self.y
            def backward(self, dout):
                {backward}
                return dout * (1 - self.y ** 2)
    """
    asked = ask(text, "Tanh")
    assert asked.answer.mutated == (what,)
    case = case_for("Tanh")
    np.testing.assert_array_equal(asked.case.inputs["input"], case.inputs["input"])


def test_a_parameter_changed_by_the_backward_is_noticed() -> None:
    text = LINEAR["attributes"][0].rstrip() + "\n                self.w -= 0.1 * self.dweights\n"
    assert ask(text, "Linear").answer.mutated == ("weight",)


RAISING = {
    "construct": ("self.missing()", "pass", "pass"),
    "forward": ("pass", "raise KeyError('why')", "pass"),
    "backward": ("pass", "pass", "exit(3)"),
}


@pytest.mark.parametrize("phase", RAISING)
def test_what_is_raised_is_told_with_its_line(phase: str) -> None:
    construct, forward, backward = RAISING[phase]
    text = f"""
        class Tanh:
            def __init__(self):
                {construct}
            def forward(self, x):
                self.y = np.tanh(x)
                {forward}
                return self.y
            def backward(self, dout):
                {backward}
                return dout
    """
    raised = ask(text, "Tanh").answer.raised
    assert raised is not None
    assert raised.phase == phase
    assert (
        raised.type == {"construct": "AttributeError", "forward": "KeyError", "backward": "SystemExit"}[phase]
    )
    assert raised.line == {"construct": 8, "forward": 11, "backward": 14}[phase]


def test_an_exception_in_a_library_is_told_with_the_users_line() -> None:
    text = """
        class Tanh:
            def forward(self, x):
                return self.helper(x)
            def helper(self, x):
                return np.concatenate([x, np.zeros((1, 1, 1))])
            def backward(self, dout):
                return dout
    """
    raised = ask(text, "Tanh").answer.raised
    assert raised is not None
    assert (raised.type, raised.line) == ("ValueError", 10)


def test_an_output_that_is_no_number_is_none() -> None:
    text = TANH["backward takes the incoming gradient"].replace("return self.y", "print(end='')")
    answer = ask(text, "Tanh").answer
    assert answer.output is None
    assert answer.raised is None
    assert answer.gradients["backward"]["input"] is not None


def test_without_an_upstream_gradient_only_the_forward_runs() -> None:
    text = TANH["backward takes the incoming gradient"].replace(
        "return dout *", "raise ValueError; return dout *"
    )
    asked = ask(text, "Tanh")
    answer = asked.candidate.call(Case(asked.case.inputs), asked.convention)
    assert answer.raised is None
    assert answer.gradients == {}


def test_an_instance_is_kept_from_call_to_call_unless_a_fresh_one_is_asked_for() -> None:
    text = """
        class Tanh:
            def __init__(self):
                self.calls = 0
            def forward(self, x):
                self.calls += 1
                return np.full_like(x, self.calls)
            def backward(self, dout):
                return dout
    """
    asked = ask(text, "Tanh")
    call, inputs = asked.candidate.call, Case(asked.case.inputs)

    def count(*, fresh: bool) -> float:
        output = call(inputs, asked.convention, fresh=fresh).output
        assert output is not None
        return float(output.flat[0])

    assert [count(fresh=False), count(fresh=True), count(fresh=False)] == [2.0, 1.0, 3.0]


def test_random_numbers_are_the_same_in_every_call() -> None:
    text = """
        import random
        class Noise:
            def forward(self, x):
                self.mask = np.random.rand(*x.shape) + random.random() + torch.rand(1).item()
                return x * self.mask
            def backward(self, dout):
                return dout * self.mask
    """
    asked = ask(text, "Tanh")
    again = asked.candidate.call(asked.case, asked.convention)
    np.testing.assert_array_equal(asked.answer.output, again.output)


OBSTACLES = {
    "an unknown constructor argument": (
        (
            "class Tanh:\n def __init__(self, components): ...\n def forward(self, x): return x\n"
            " def backward(self, g): return g"
        ),
        "Tanh",
        "components",
    ),
    "layers": (
        (
            "class Tanh:\n def __init__(self, *layers): ...\n def forward(self, x): return x\n"
            " def backward(self, g): return g"
        ),
        "Tanh",
        "*layers",
    ),
    "too many arguments": (
        "class Tanh:\n def forward(self, x, state, gate): return x\n def backward(self, g): return g",
        "Tanh",
        "(x, state, gate)",
    ),
    "a loss of one argument": (
        "class MSELoss:\n def forward(self, x): return x\n def backward(self, g): return g",
        "MSELoss",
        "(x)",
    ),
    "no weight": (
        "class Linear:\n def forward(self, x): return x\n def backward(self, g): return g",
        "Linear",
        "weight",
    ),
    "no incoming gradient": (
        (
            "class Linear:\n def __init__(self, n_in, n_out):\n"
            "  self.W, self.b = np.ones((n_in, n_out)), np.ones(n_out)\n"
            " def forward(self, x): return x @ self.W + self.b\n def backward(self): return 1"
        ),
        "Linear",
        "no incoming gradient",
    ),
}


@pytest.mark.parametrize(("text", "reference", "said"), OBSTACLES.values(), ids=OBSTACLES)
def test_what_stands_in_the_way_is_said(text: str, reference: str, said: str) -> None:
    candidate = the_candidate("\n" + text)
    assert candidate.conventions(signature_for(reference, case_for(reference))) == []
    assert said in candidate.obstacle


def test_an_instance_is_judged_as_it_was_made_and_stays_as_it_is() -> None:
    module, _ = run(
        """
        import numpy as np
        class Linear:
            def __init__(self, W, b):
                self.W, self.b = W, b
            def forward(self, x):
                self.x = x
                return x @ self.W + self.b
            def backward(self, dout):
                self.dW, self.db = self.x.T @ dout, dout.sum(0)
                return dout @ self.W.T
        """
    )
    instance = module.Linear(np.ones((4, 6)), np.zeros(6))
    asked = ask(adapt(instance), "Linear")
    assert_right(asked, "backward")
    assert instance.W.shape == (4, 6)
    assert set(vars(instance)) == {"W", "b"}
