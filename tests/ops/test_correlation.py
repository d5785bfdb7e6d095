"""The correlation over windows and its transposes, in each library, against the sum that they are."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import array_api_compat.torch
import array_api_strict
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from backproof.ops.correlation import correlate, correlate_transposed, correlate_weight
from backproof.ops.windows import Windows

#: The namespaces, and how an array of theirs is made of NumPy's.
LIBRARIES: dict[str, tuple[Any, Any]] = {
    "numpy": (np, np.asarray),
    "strict": (array_api_strict, array_api_strict.asarray),
    "torch": (array_api_compat.torch, torch.from_numpy),
}
CASES: dict[str, tuple[Sequence[Windows], int]] = {
    "one axis": ([Windows(size=7, kernel=3)], 1),
    "places after the last window": ([Windows(size=8, kernel=2, stride=3, dilation=2, before=1, after=1)], 1),
    "more after than before": ([Windows(5, 2, before=1, after=2), Windows(4, 3)], 2),
    "more before than after": ([Windows(5, 2, 2, before=3), Windows(4, 3, 1, 1, 1, 1)], 1),
    "depthwise": ([Windows(5, 3, 1, 2, 2, 2), Windows(6, 3, 2, 1, 1, 1)], 4),
    "three axes": ([Windows(3, 2), Windows(4, 2, 2), Windows(3, 1, 1, 1, 1, 1)], 2),
}


def total(
    weight: NDArray[Any], input: NDArray[Any], output: NDArray[Any], windows: Sequence[Windows], groups: int
) -> float:
    """Sum y w x over every output channel, input channel of its group, window and place in the kernel."""
    padded = np.pad(input, [(0, 0), (0, 0), *[(along.before, along.after) for along in windows]])
    found = 0.0
    for o, c in np.ndindex(weight.shape[:2]):
        channel = o // (len(weight) // groups) * weight.shape[1] + c
        for i, k in itertools.product(np.ndindex(output.shape[2:]), np.ndindex(weight.shape[2:])):
            place = [a * w.stride + b * w.dilation for a, b, w in zip(i, k, windows, strict=True)]
            found += weight[o, c, *k] * (padded[:, channel, *place] @ output[:, o, *i])
    return found


@pytest.mark.parametrize(("xp", "to"), LIBRARIES.values(), ids=LIBRARIES)
@pytest.mark.parametrize(("windows", "groups"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("samples", [2, 0])
def test_three_transposes(xp: Any, to: Any, windows: Sequence[Windows], groups: int, samples: int) -> None:
    rng = np.random.default_rng(3)
    shapes = {
        "weight": (8, 4 // groups, *[along.kernel for along in windows]),
        "input": (samples, 4, *[along.size for along in windows]),
        "output": (samples, 8, *[along.count for along in windows]),
    }
    arrays = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    w, x, y = (to(array) for array in arrays.values())
    found = {
        "weight": correlate_weight(xp, x, y, windows, groups),
        "input": correlate_transposed(xp, y, w, windows, groups),
        "output": correlate(xp, x, w, windows, groups),
    }
    expected = total(**arrays, windows=windows, groups=groups)
    for name, got in found.items():
        assert got.shape == shapes[name]
        assert np.sum(np.asarray(got) * arrays[name]) == pytest.approx(expected, rel=1e-12)


def test_a_gradient_lies_in_memory_as_its_weight_does() -> None:
    """Else `view` would refuse it."""
    windows = [Windows(5, 3), Windows(5, 3)]
    x, y = torch.ones(2, 4, 5, 5), torch.ones(2, 6, 3, 3)
    assert correlate_weight(array_api_compat.torch, x, y, windows, 1).is_contiguous()


@pytest.mark.parametrize(("windows", "groups"), CASES.values(), ids=CASES)
def test_inside_vmap(windows: Sequence[Windows], groups: int) -> None:
    xp = array_api_compat.torch
    generator = torch.Generator().manual_seed(4)
    weights = torch.randn(3, 8, 4 // groups, *[a.kernel for a in windows], generator=generator)
    inputs = torch.randn(3, 2, 4, *[a.size for a in windows], generator=generator)
    outputs = torch.randn(3, 2, 8, *[a.count for a in windows], generator=generator)
    calls = {
        correlate: (inputs, weights),
        correlate_transposed: (outputs, weights),
        correlate_weight: (inputs, outputs),
    }
    for call, arrays in calls.items():

        def one(first: Any, second: Any, call: Any = call) -> Any:
            return call(xp, first, second, windows, groups)

        got = torch.func.vmap(one)(*arrays)
        expected = torch.stack([one(*pair) for pair in zip(*arrays, strict=True)])
        torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-5)


#: What asserts the annotations, in these tests, is nothing that the compiler can trace.
COMPILED = """
import array_api_compat.torch as xp
import torch
from backproof.ops.correlation import correlate_weight
from backproof.ops.windows import Windows

def backend(graph, _):
    called.extend(str(node.target) for node in graph.graph.nodes)
    return graph.forward

windows = [Windows(5, 3)]
for known in (True, False):
    called = []
    call = lambda x, y: correlate_weight(xp, x, y, windows, 1)
    compiled = torch.compile(call, dynamic=not known, fullgraph=True, backend=backend)
    for samples in (4, 3):
        x, y = torch.ones(samples, 2, 5), torch.ones(samples, 6, 3)
        torch.testing.assert_close(compiled(x, y), torch.full((6, 2, 3), 3.0 * samples))
    print(any("conv1d" in name for name in called))
"""


def test_a_kernel_has_a_known_size_where_it_is_compiled() -> None:
    """PyTorch's compiler takes the first size for a constant, and does not say so."""
    done = subprocess.run([sys.executable, "-c", COMPILED], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["True", "False"]
