"""Recurrent cells: one step in time. What a cell is called with again goes backward in the opposite order."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from backproof.nn import init
from backproof.nn.arguments import parameters_dtype, whole
from backproof.nn.component import Component
from backproof.nn.init import Seed
from backproof.nn.parameter import Parameter
from backproof.ops.layers.recurrent import gru_cell, lstm_cell, rnn_cell

__all__ = ["GRUCell", "LSTMCell", "RNNCell"]


class _Cell(Component):
    """A cell of any number of gates."""

    held = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    wrt: ClassVar[tuple[str, ...]] = ("input", "hx")
    #: How many times the hidden size the weights have rows.
    gates: ClassVar[int]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: str | None = None,
        dtype: DTypeLike | None = None,
        *,
        rng: Seed = None,
    ) -> None:
        whole(self, 0, input_size=input_size)
        whole(self, 1, hidden_size=hidden_size)
        rng, dtype = np.random.default_rng(rng), parameters_dtype(self, device, dtype)
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        bound, rows = 1 / math.sqrt(hidden_size), self.gates * hidden_size
        shapes = ((rows, input_size), (rows, hidden_size), (rows,), (rows,))
        for name, shape in zip(self.held, shapes, strict=True):
            there = bias or not name.startswith("bias")
            array = init.uniform_(np.empty(shape, dtype), -bound, bound, rng=rng)
            self.register_parameter(name, Parameter(array) if there else None)

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Take a step from the state, or from zeros."""
        x, *state = self._converted([input] if hx is None else [input, hx])
        if not state:
            state = [self._zeros(x)]
        roles = (x, *state, *[holder.data for holder in self._holders])
        output = self._save(roles, self._value(roles))
        return output[0] if isinstance(output, tuple) else output

    def _zeros(self, x: Any) -> Any:
        """Give the state to start from."""
        if x.ndim not in (1, 2):
            raise ValueError(f"{self!r} expects (N, input_size), or one sample; got input of shape={x.shape}")
        return np.zeros((*x.shape[:-1], self.hidden_size), x.dtype)

    def extra_repr(self) -> str:
        """Give the sizes, as PyTorch does."""
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else f", bias={self.bias}")


class RNNCell(_Cell):
    """Step of Elman's recurrent network: h' = φ(W x + b + U h + c).

    ``cell(input, hx)`` gives h'; ``backward`` gives the gradients for the input and for hx. Shapes:
    input ``(N, input_size)``, hx and output ``(N, hidden_size)``, or without N. Without hx it is zeros.

    Examples
    --------
    >>> from backproof import nn
    >>> cell = nn.RNNCell(3, 5, rng=0)
    >>> h = cell(np.ones((7, 3)))
    >>> [gradient.shape for gradient in cell.backward(np.ones((7, 5)))]
    [(7, 3), (7, 5)]
    """

    op = rnn_cell
    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: str | None = None,
        dtype: DTypeLike | None = None,
        *,
        rng: Seed = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"RNNCell expects 'tanh' or 'relu'; got nonlinearity={nonlinearity!r}")
        super().__init__(input_size, hidden_size, bias, device, dtype, rng=rng)
        self.nonlinearity = nonlinearity

    def extra_repr(self) -> str:
        """Give the sizes and the activation, as PyTorch does."""
        other = "" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity}"
        return super().extra_repr() + other


class GRUCell(_Cell):
    """Step of a gated recurrent unit.

    ``cell(input, hx)`` gives h'; ``backward`` gives the gradients for the input and for hx. Shapes: as
    `RNNCell`; the weights have three times as many rows, for the reset gate, the update gate and the
    candidate.

    Examples
    --------
    >>> from backproof import nn
    >>> nn.GRUCell(3, 5, rng=0)(np.ones((7, 3))).shape
    (7, 5)
    """

    op = gru_cell
    gates = 3


class LSTMCell(_Cell):
    """Step of a long short-term memory.

    ``cell(input, (h, c))`` gives ``(h', c')``; ``backward((grad_h, grad_c))`` gives
    ``(grad_input, (grad_h, grad_c))``, where ``None`` stands for zeros. Shapes: as `RNNCell`; the weights
    have four times as many rows, for the input gate, the forget gate, the candidate and the output gate.

    Examples
    --------
    >>> from backproof import nn
    >>> cell = nn.LSTMCell(3, 5, rng=0)
    >>> h, c = cell(np.ones((7, 3)))
    >>> grad_input, (grad_h, grad_c) = cell.backward((np.ones((7, 5)), None))
    >>> grad_c.shape
    (7, 5)
    """

    op = lstm_cell
    wrt = ("input", "hx", "cx")
    gates = 4

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Take a step from the state, or from zeros."""
        (x,) = self._converted([input])
        if hx is None:
            hx = (self._zeros(x),) * 2
        elif not isinstance(hx, (tuple, list)) or len(hx) != 2:
            raise TypeError(f"LSTMCell takes its state as hx=(h, c); got hx of type {type(hx).__name__}")
        roles = (*self._converted([x, *hx]), *[holder.data for holder in self._holders])
        return self._save(roles, self._value(roles))[:2]

    def backward(self, grad_output: Any) -> Any:
        """Add the parameters' gradients to them, and give those for the input and the state."""
        grad_input, *grad_state = super().backward(grad_output)
        return grad_input, tuple(grad_state)
