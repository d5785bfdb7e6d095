"""What is written in ways of its own is judged: the right passes, the wrong fails for the argument it is."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import numpy as np
import pytest
import torch

import backproof as bp
from backproof.checking.candidate import Candidate
from backproof.checking.discover import NotACandidate, adapt
from backproof.checking.findings import Judgement, Verdict
from backproof.checking.judge import judge
from tests.checking.adapt.asking import found_in
from tests.checking.adapt.written import WRITTEN
from tests.checking.adapt.written_ways import WAYS

EVERY = {**WRITTEN, **WAYS}


def _named(text: str, name: str) -> Candidate:
    (one,) = [found for found in found_in(text) if found.description.name == name]
    assert one.candidate is not None, one.reason
    return one.candidate


def _judged(text: str, name: str) -> Judgement:
    return judge(_named(text, name))


@pytest.mark.parametrize(("text", "name", "_", "__"), EVERY.values(), ids=EVERY)
def test_right_code_passes(text: str, name: str, _: object, __: object) -> None:
    judgement = _judged(text, name)
    assert judgement.verdict is Verdict.PASS, f"{judgement}"


@pytest.mark.parametrize(("text", "name", "change", "argument"), EVERY.values(), ids=EVERY)
def test_wrong_code_fails_for_its_argument(
    text: str, name: str, change: tuple[str, str], argument: str
) -> None:
    assert change[0] in text
    judgement = _judged(text.replace(*change), name)
    assert judgement.verdict is Verdict.FAIL, f"{judgement}"
    accused = {f.evidence.get("argument", "") for f in judgement.findings if f.severity == "error"}
    assert argument in accused, f"{judgement}"


# --- JAX and custom operators --------------------------------------------------------------------

JAX = """
import jax
import jax.numpy as jnp

@jax.custom_vjp
def tanh(x):
    return jnp.tanh(x)

def tanh_fwd(x):
    y = jnp.tanh(x)
    return y, y

def tanh_bwd(y, g):
    return (g * (1 - y * y),)

tanh.defvjp(tanh_fwd, tanh_bwd)
"""

OPERATOR = """
@torch.library.custom_op("backproof_tests::NAME", mutates_args=())
def tanh(x: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.tanh(x.detach().numpy()))

def keep(ctx, inputs, output):
    ctx.save_for_backward(output)

def pull(ctx, grad):
    y, = ctx.saved_tensors
    return grad * (1 - y * y)

tanh.register_autograd(pull, setup_context=keep)
"""


def test_a_custom_rule_of_jax() -> None:
    pytest.importorskip("jax")
    assert [found.description.name for found in found_in(JAX)] == ["tanh"]
    assert _judged(JAX, "tanh").verdict is Verdict.PASS
    wrong = _judged(JAX.replace("1 - y * y", "1 - y"), "tanh")
    assert wrong.verdict is Verdict.FAIL


def test_a_custom_operator() -> None:
    right = _judged(OPERATOR.replace("NAME", "right"), "tanh")
    assert right.verdict is Verdict.PASS, f"{right}"
    wrong = OPERATOR.replace("NAME", "wrong").replace("grad * (1 - y * y)", "1 - y * y")
    assert [f.diagnosis for f in _judged(wrong, "tanh").findings] == ["upstream-ignored"]


def test_an_operator_without_backward_is_skipped_with_the_reason() -> None:
    text = OPERATOR.replace("NAME", "without").replace("tanh.register_autograd", "str")
    text = text.replace("str(pull, setup_context=keep)", "")
    (found,) = [one for one in found_in(text) if one.description.name == "tanh"]
    assert found.candidate is None
    assert "register_autograd" in found.reason


def _of_arrays(x: Any) -> Any:
    return np.tanh(x)


def test_a_function_of_tensors_alone_is_a_candidate_and_one_of_arrays_is_not() -> None:
    assert bp.check(torch.nn.functional.softsign, like="softsign").style == "torch-function"
    with pytest.raises(NotACandidate, match="alone"):
        adapt(_of_arrays)


# --- Randomness ----------------------------------------------------------------------------------


def test_what_draws_where_nothing_is_to_be_drawn_is_not_a_function() -> None:
    class ReLU(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.relu(x) + 0.1 * torch.randn_like(x)

    assert "nondeterministic" in [f.diagnosis for f in bp.check(ReLU).findings]


# --- The user's own terms ------------------------------------------------------------------------


def test_nothing_is_judged_outside_of_a_domain() -> None:
    class Sqrt(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return x**0.5

    assert bp.check(Sqrt, like=None, domain=(0.1, 2)).verdict is Verdict.PASS

    class Square(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.where(x > 1, x, torch.relu(x))

    assert bp.check(Square, like="relu", domain=(-1, 5)).verdict is Verdict.PASS


@pytest.mark.parametrize("domain", [(1, 0), (0, float("inf")), (0, 1, 2)])
def test_a_domain_is_two_finite_numbers_in_order(domain: Any) -> None:
    with pytest.raises(ValueError, match="domain"):
        bp.check(torch.nn.ReLU, domain=domain)


def test_without_a_way_to_call_it_the_report_says_what_was_tried_and_what_would_settle_it() -> None:
    text = dedent(
        """
        def fold_forward(pages, creases, order, weight_of_paper, humidity, hour, mood, moon):
            return pages
        def fold_backward(g):
            return g
        """
    )
    judgement = _judged(text, "fold_forward")
    assert judgement.verdict is Verdict.SKIPPED
    assert "pages, creases" in judgement.reason
    assert "# backproof: like=" in judgement.reason


# --- PyTorch's own -------------------------------------------------------------------------------

INSTANCES = (
    torch.nn.BatchNorm1d(5),
    torch.nn.BatchNorm1d(4),
    torch.nn.BatchNorm2d(3),
    torch.nn.LayerNorm(6),
    torch.nn.GroupNorm(2, 4),
    torch.nn.PReLU(),
    torch.nn.PReLU(4),
    torch.nn.Dropout(0.3),
    torch.nn.Dropout(0.3).eval(),
    torch.nn.MaxPool2d(3, 2),
    torch.nn.LeakyReLU(0.4),
)


@pytest.mark.parametrize("module", INSTANCES, ids=str)
def test_an_instance_is_judged_with_the_sizes_and_options_it_has(module: torch.nn.Module) -> None:
    judgement = bp.check(module)
    assert judgement.verdict is Verdict.PASS, f"{judgement}"


def test_a_compiled_module_is_judged() -> None:
    class Tanh(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.sinh(x) / torch.cosh(x)

    assert bp.check(torch.compile(Tanh(), backend="eager"), name="Tanh").verdict is Verdict.PASS


def test_a_module_may_hold_buffers_that_it_changes() -> None:
    class Scale(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("scale", torch.tensor(2.0))
            self.register_buffer("calls", torch.zeros(1, dtype=torch.long))
            self.calls: torch.Tensor

        def forward(self, x: Any) -> Any:
            self.calls += 1
            return x * self.scale

    assert bp.check(Scale).verdict is Verdict.PASS


def test_complex_numbers_are_refused_with_the_reason() -> None:
    class Turn(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.turn = torch.nn.Parameter(torch.ones(5, dtype=torch.complex64))

        def forward(self, x: Any) -> Any:
            return (x * self.turn).abs()

    held = bp.check(Turn)
    assert held.verdict is Verdict.SKIPPED
    assert "complex numbers (turn)" in held.reason
    given = bp.check(torch.nn.Tanh(), inputs=[np.ones((3, 5), dtype=complex)])
    assert given.verdict is Verdict.SKIPPED
    assert "complex numbers (input)" in given.reason
