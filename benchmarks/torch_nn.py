"""Our PyTorch modules beside PyTorch's own: forward and backward at a million elements.

``python -m benchmarks.torch_nn [NAME…]`` measures the named components, eager and compiled. The ratios
are ours over PyTorch's, medians of calls taken in turn. Compiling takes a while.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import torch

from backproof.torch import nn
from backproof.torch.nn.classes import MODULES
from benchmarks.timing import in_turn, table

GOAL = 1.7
SIDE = 1000
_PLANE = (SIDE, SIDE)
_IMAGES = (16, 16, 62, 64)
_SEQUENCE = (100, 100, 100)

#: For each component that is not made without arguments and called with one plane: constructor
#: arguments, and the shapes of the inputs; a whole number is class indices below it.
Recipe = tuple[tuple[Any, ...], dict[str, Any], tuple[tuple[int, ...] | int, ...]]
_PAIR: tuple[tuple[int, ...] | int, ...] = (_PLANE, _PLANE)
RECIPES: dict[str, Recipe] = {
    "Threshold": ((0.1, 0.5), {}, (_PLANE,)),
    **{name: ((), {"dim": -1}, (_PLANE,)) for name in ("Softmax", "Softmin", "LogSoftmax")},
    **{name: ((), {}, (_PLANE, SIDE)) for name in ("CrossEntropyLoss", "NLLLoss", "MultiMarginLoss")},
    "GaussianNLLLoss": ((), {}, (_PLANE, _PLANE, _PLANE)),
    "MarginRankingLoss": ((), {}, (_PLANE, _PLANE, _PLANE)),
    "TripletMarginLoss": ((), {}, (_PLANE, _PLANE, _PLANE)),
    "CosineEmbeddingLoss": ((), {}, (_PLANE, _PLANE, (SIDE,))),
    "Linear": ((SIDE, 100), {}, (_PLANE,)),
    "Bilinear": ((100, 20, 10), {}, ((10_000, 100), (10_000, 20))),
    "Embedding": ((SIDE, 1000), {}, (SIDE,)),
    "BatchNorm1d": ((SIDE,), {}, (_PLANE,)),
    "BatchNorm2d": ((16,), {}, (_IMAGES,)),
    "LayerNorm": ((SIDE,), {}, (_PLANE,)),
    "RMSNorm": ((SIDE,), {}, (_PLANE,)),
    "GroupNorm": ((4, 16), {}, (_IMAGES,)),
    "Conv1d": ((16, 16, 3), {}, ((16, 16, 3906),)),
    "Conv2d": ((16, 16, 3), {}, (_IMAGES,)),
    "MaxPool2d": ((2,), {}, (_IMAGES,)),
    "AvgPool2d": ((2,), {}, (_IMAGES,)),
    "Flatten": ((), {}, (_IMAGES,)),
    "MultiheadAttention": ((100, 4), {}, (_SEQUENCE, _SEQUENCE, _SEQUENCE)),
    **{name: ((SIDE, 100), {}, (_PLANE,)) for name in ("RNNCell", "GRUCell", "LSTMCell")},
}
#: Why a ratio is above the goal.
REASONS: dict[str, str] = {
    "CosineEmbeddingLoss": "rows are scaled, so that no square overflows: a pass more for each input",
    "GELU": "erfc is accurate left of zero, where PyTorch's 1 + erf is not, and takes longer",
    "SiLU": "the complement of the sigmoid is computed by itself, exactly: a division more",
    "Flatten": "nothing is computed: 0.1 ms is what the call of an autograd function takes",
}


def recipe(name: str) -> Recipe:
    if name in RECIPES:
        return RECIPES[name]
    return (), {}, _PAIR if name.endswith("Loss") else (_PLANE,)


def step(source: Any, name: str, compiled: bool) -> Callable[[], None]:
    """Make a call of forward and backward; the same numbers for ours and for PyTorch's."""
    arguments, options, shapes = recipe(name)
    torch.manual_seed(0)
    module = getattr(source, name)(*arguments, **options)
    inputs = [
        torch.randint(0, shape, (SIDE,)) if isinstance(shape, int) else torch.rand(shape).mul_(0.9).add_(0.05)
        for shape in shapes
    ]
    if inputs[0].is_floating_point():
        inputs[0].requires_grad_()
    call = torch.compile(module) if compiled else module
    upstream: list[torch.Tensor] = []

    def run() -> None:
        output = call(*inputs)
        output = output[0] if isinstance(output, tuple) else output
        if not upstream:
            upstream.append(torch.ones_like(output))
        output.backward(upstream[0])
        for leaf in (*inputs, *module.parameters()):
            leaf.grad = None

    return run


def measure(name: str, compiled: bool) -> tuple[float, float]:
    """Give the median seconds of ours and of PyTorch's."""
    torch._dynamo.reset()
    calls = [step(source, name, compiled) for source in (nn, torch.nn)]
    for call in calls:
        call()
        call()
    ours, theirs = in_turn(calls, repeats=15)
    return ours, theirs


def row(name: str) -> tuple[str, str, str]:
    found = []
    for compiled in (False, True):
        ours, theirs = measure(name, compiled)
        found.append((1e3 * ours, 1e3 * theirs, ours / theirs))
    (ours, theirs, ratio), (ours_compiled, theirs_compiled, ratio_compiled) = found
    seen = (
        f"{ours:8.2f} {theirs:8.2f} ms {ratio:5.2f}   {ours_compiled:8.2f} {theirs_compiled:8.2f} ms "
        f"{ratio_compiled:5.2f}"
    )
    return name, seen, "" if ratio_compiled <= GOAL else REASONS.get(name, "above the goal")


def main(names: list[str] | None = None) -> None:
    title = (
        f"Forward and backward at 10⁶ elements, PyTorch {torch.__version__}, {torch.get_num_threads()} "
        f"threads: ours, PyTorch's, ratio; eager, then compiled (goal: {GOAL})"
    )
    rows = []
    for name in names or sorted(MODULES):
        rows.append(row(name))
        print(*rows[-1], flush=True)
    table(title, rows)


if __name__ == "__main__":
    main(sys.argv[1:])
