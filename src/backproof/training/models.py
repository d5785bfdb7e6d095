"""Models that their sizes describe: linear ones, and networks of layers."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from backproof import nn
from backproof.nn.init import Seed
from backproof.training.parts import activation_named

__all__ = ["network"]


def network(
    inputs: int,
    outputs: int,
    hidden: Sequence[int] = (),
    activation: str = "relu",
    *,
    seed: Seed = 0,
    dtype: DTypeLike = np.float32,
) -> nn.Sequential:
    """Make a network of linear layers, with an activation behind each hidden one.

    The last layer has none: what is predicted are numbers, or the scores of classes, of which a loss such
    as ``nn.CrossEntropyLoss`` or ``nn.BCEWithLogitsLoss`` makes probabilities. Without hidden layers it is
    linear. Parameters start as in PyTorch, evenly drawn from ±1/√inputs of their layer.

    Parameters
    ----------
    inputs, outputs
        The numbers of a sample, and of a prediction.
    hidden
        The sizes of the layers in between.
    activation
        Its name, such as ``relu``, ``tanh`` or ``leaky_relu``: any that acts on each element alone.
    seed
        What the parameters are drawn from: a seed, or a generator.
    dtype
        Of the parameters, and so of the computation.

    Raises
    ------
    TypeError
        If a size is no whole number.
    ValueError
        If a size is below 1, or no activation has that name.

    Examples
    --------
    >>> network(2, 1, (16,), "tanh")
    Sequential(
      (0): Linear(in_features=2, out_features=16, bias=True)
      (1): Tanh()
      (2): Linear(in_features=16, out_features=1, bias=True)
    )
    >>> network(3, 1)
    Sequential(
      (0): Linear(in_features=3, out_features=1, bias=True)
    )
    """
    sizes = _checked(inputs, outputs, hidden)
    activation_named(activation)  # refused here, also where there is no hidden layer
    rng = np.random.default_rng(seed)
    made: list[nn.Module] = []
    for fan_in, fan_out in pairwise(sizes):
        if made:
            made.append(activation_named(activation))
        made.append(nn.Linear(fan_in, fan_out, dtype=dtype, rng=rng))
    return nn.Sequential(*made)


def _checked(inputs: int, outputs: int, hidden: Any) -> list[int]:
    """Give the sizes from the inputs to the outputs."""
    if isinstance(hidden, str) or not isinstance(hidden, Sequence | np.ndarray):
        raise TypeError(
            "expected hidden to be the sizes of the hidden layers, such as (16, 16); "
            f"got hidden={hidden!r} ({type(hidden).__name__})"
        )
    named = [("inputs", inputs), *((f"hidden[{i}]", size) for i, size in enumerate(hidden))]
    sizes = []
    for name, size in [*named, ("outputs", outputs)]:
        try:
            sizes.append(operator.index(size))
        except TypeError:
            raise TypeError(
                f"expected {name} to be a whole number; got {name}={size!r} ({type(size).__name__})"
            ) from None
        if sizes[-1] < 1:
            raise ValueError(f"expected {name} to be at least 1; got {name}={size}")
    return sizes
