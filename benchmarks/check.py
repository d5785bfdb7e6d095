"""How long a verdict takes, warm, beside ``torch.autograd.gradcheck`` on the same layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import backproof as bp
from benchmarks.timing import in_turn, median_seconds, table


class LinearFunction(torch.autograd.Function):
    """The layer under check: a right one, so that the whole verdict is paid for."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x, weight)
        return x @ weight.t() + bias

    @staticmethod
    def backward(ctx: Any, grad_output: torch.Tensor) -> Any:
        x, weight = ctx.saved_tensors
        return grad_output @ weight, grad_output.t() @ x, grad_output.sum(0)


class Tanh:
    """An elementwise component of any size."""

    def forward(self, x: Any) -> Any:
        self.y = np.tanh(x)
        return self.y

    def backward(self, grad_output: Any) -> Any:
        return grad_output * (1 - self.y**2)


def against_gradcheck() -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape) for shape in ((8, 100), (100, 100), (100,))]
    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]

    def ours() -> None:
        bp.assert_correct(LinearFunction, like="linear", inputs=arrays)

    def fast() -> None:
        torch.autograd.gradcheck(LinearFunction.apply, tensors, fast_mode=True)

    verdict, peer = in_turn([ours, fast], 15)
    full = median_seconds(lambda: torch.autograd.gradcheck(LinearFunction.apply, tensors), 3)
    table(
        "Verdict on a Linear(100, 100) at batch 8, warm, median",
        [
            ("backproof.check", f"{verdict * 1e3:.1f} ms", ""),
            (
                "gradcheck",
                f"{full * 1e3:.0f} ms, {full / verdict:.0f} times as long",
                "goal: at least 100 times",
            ),
            (
                "gradcheck, fast_mode (no diagnosis)",
                f"{peer * 1e3:.1f} ms; ours takes {verdict / peer:.1f} times that",
                "goal: at most 10 times",
            ),
        ],
    )


def with_size() -> None:
    rows = []
    for exponent in (2, 3, 4, 5, 6):
        x = np.random.default_rng(0).standard_normal((10 ** (exponent - 1), 10))
        g = np.ones_like(x)
        component = Tanh()

        def pass_once(x: np.ndarray = x, g: np.ndarray = g, component: Tanh = component) -> None:
            component.forward(x)
            component.backward(g)

        def verdict(x: np.ndarray = x) -> None:
            bp.assert_correct(Tanh, inputs=[x])

        ours, bare = in_turn([verdict, pass_once], 5)
        rows.append(
            (f"10^{exponent}", f"{ours * 1e3:9.1f} ms", f"{ours / bare:6.0f} forward-and-backward passes")
        )
    table("Verdict on a tanh of n elements: its cost in passes must not grow", rows)


def main() -> None:
    against_gradcheck()
    with_size()
