"""Recurrent cells: one step of a recurrent network.

Each cell has two linear maps, of the input x and of the hidden state h. Where δ is the gradient for
what such a map gives, W x + b, the gradients for its parts are those of a linear layer:
∂L/∂x = δ W, ∂L/∂W = Σₙ δₙᵀ xₙ and ∂L/∂b = Σₙ δₙ. So a cell's derivation is that of δ.
"""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.activations.rectifiers import relu
from backproof.ops.activations.sigmoids import sigmoid, tanh
from backproof.ops.batches import require_same_batch
from backproof.ops.catalogue import op
from backproof.ops.domain import REAL, SMALL, Argument
from backproof.ops.layers.linear import linear
from backproof.ops.op import Op
from backproof.ops.products import products

__all__ = ["gru_cell", "lstm_cell", "rnn_cell"]

#: One row for each element of the batch.
Input: TypeAlias = Float[Array, "*batch in"]
#: A state, of the hidden size.
State: TypeAlias = Float[Array, "*batch hidden"]
#: Of several gates, one after the other.
Gates: TypeAlias = Float[Array, "*batch values"]
#: Of the input, and of the hidden state; a row for each value of each gate.
InputWeight: TypeAlias = Float[Array, "gates in"]
HiddenWeight: TypeAlias = Float[Array, "gates hidden"]
#: May be left out.
Bias: TypeAlias = Float[Array, "gates"] | None


def _arguments(gates: str, *states: str) -> dict[str, Argument]:
    return {
        "input": Argument(REAL, "N I"),
        **{state: Argument(REAL, "N H") for state in states},
        "weight_ih": Argument(SMALL, f"{gates}H I"),
        "weight_hh": Argument(SMALL, f"{gates}H H"),
        "bias_ih": Argument(SMALL, f"{gates}H"),
        "bias_hh": Argument(SMALL, f"{gates}H"),
    }


def _parts(values: Gates, count: int) -> list[State]:
    """Part the last axis into ``count`` of one size."""
    size = values.shape[-1] // count
    return [values[..., index * size : (index + 1) * size] for index in range(count)]


def _before(xp: Namespace, activation: Op, grad: State, output: State) -> State:
    """Give the gradient for what goes into an activation, whose rule looks at its output alone."""
    return activation.rules["input"](xp, grad, output, output)


_NONLINEARITIES: dict[str, Op] = {"tanh": tanh, "relu": relu}


@op("RNNCell", kind="layer", arguments=_arguments("", "hx"), aliases={"elman cell": {}}, autocast="product")
def rnn_cell(
    xp: Namespace,
    input: Input,
    hx: State,
    weight_ih: InputWeight,
    weight_hh: HiddenWeight,
    bias_ih: Bias = None,
    bias_hh: Bias = None,
    *,
    nonlinearity: str = "tanh",
) -> State:
    """Step of Elman's recurrent network.

    h' = φ(W x + b + U h + c), φ being tanh or ReLU by ``nonlinearity``. With the upstream gradient g
    the derivative for the sum in brackets is δ = g φ', where φ' is 1 − h'² for tanh, and for ReLU 1
    where h' > 0 and 0 elsewhere (at 0 a subgradient, PyTorch's choice). Then

    - ∂L/∂x = δ W, ∂L/∂W = Σₙ δₙᵀ xₙ; ∂L/∂h = δ U, ∂L/∂U = Σₙ δₙᵀ hₙ;
    - ∂L/∂b = ∂L/∂c = Σₙ δₙ: broadcasting's gradient sums.

    Shapes: input ``(*batch, in)``, hx (h) ``(*batch, hidden)``, weight_ih (W) ``(hidden, in)``, weight_hh
    (U) ``(hidden, hidden)``, bias_ih (b) and bias_hh (c) ``(hidden)`` or ``None``; output
    ``(*batch, hidden)``.

    Raises
    ------
    ValueError
        If ``nonlinearity`` is neither, or input and state are not of one batch.

    Source: Elman, "Finding structure in time", 1990; Goodfellow, Bengio and Courville, "Deep Learning",
    2016, section 10.2.2.

    >>> import numpy as np
    >>> one = np.array([[1.0]])
    >>> rnn_cell.forward(np, 2 * one, 3 * one, one, one, nonlinearity="relu").tolist()
    [[5.0]]
    """
    require_same_batch(input=input, hx=hx)
    total = linear.forward(xp, input, weight_ih, bias_ih) + linear.forward(xp, hx, weight_hh, bias_hh)
    if nonlinearity not in _NONLINEARITIES:
        raise ValueError(f"nonlinearity is 'tanh' or 'relu'; got nonlinearity={nonlinearity!r}")
    return _NONLINEARITIES[nonlinearity].forward(xp, total)


@rnn_cell.rule(
    "input",
    "hx",
    "weight_ih",
    "weight_hh",
    "bias_ih",
    "bias_hh",
    needs=("input", "hx", "weight_ih", "weight_hh", "output"),
)
def _(
    xp: Namespace,
    grad_output: State,
    input: Input,
    hx: State,
    weight_ih: InputWeight,
    weight_hh: HiddenWeight,
    bias_ih: Bias,
    bias_hh: Bias,
    output: State,
    *,
    nonlinearity: str,
) -> tuple[Array, ...]:
    delta = _before(xp, _NONLINEARITIES[nonlinearity], grad_output, output)
    weights = products(xp, delta, input), products(xp, delta, hx)
    return delta @ weight_ih, delta @ weight_hh, *weights, delta, delta


@op(
    "LSTMCell",
    kind="layer",
    arguments=_arguments("4", "hx", "cx"),
    aliases={"lstm": {}, "long short term memory": {}},
    outputs=("output", "cell", "gates"),
    autocast="state",
)
def lstm_cell(
    xp: Namespace,
    input: Input,
    hx: State,
    cx: State,
    weight_ih: InputWeight,
    weight_hh: HiddenWeight,
    bias_ih: Bias = None,
    bias_hh: Bias = None,
) -> tuple[State, State, Gates]:
    """Step of a long short-term memory.

    The four parts of W x + b + U h + d, one after the other, are the gates before their activation:
    i = σ(·), f = σ(·), g = tanh(·), o = σ(·). The new cell is c' = f c + i g, the new hidden state
    h' = o tanh(c'). With the upstream gradients γ for h' and κ for c' the cell gets

    κ' = κ + γ o (1 − tanh²(c')),

    the derivatives for the gates are ∂L/∂i = κ' g, ∂L/∂f = κ' c, ∂L/∂g = κ' i, ∂L/∂o = γ tanh(c'), and
    for what stands in the brackets, with σ' = σ (1 − σ) and tanh' = 1 − tanh²,

    - δ_i = κ' g i (1 − i), δ_f = κ' c f (1 − f), δ_g = κ' i (1 − g²), δ_o = γ tanh(c') o (1 − o).

    With the four in a row, δ: ∂L/∂x = δ W, ∂L/∂W = Σₙ δₙᵀ xₙ, ∂L/∂h = δ U, ∂L/∂U = Σₙ δₙᵀ hₙ,
    ∂L/∂b = ∂L/∂d = Σₙ δₙ (broadcasting's gradient sums), and ∂L/∂c = κ' f. The gates are an output too,
    so that they need not be computed again; what else is made of them adds its upstream gradient to
    that of i, f, g and o.

    Shapes: input ``(*batch, in)``, hx (h) and cx (c) ``(*batch, hidden)``, weight_ih (W)
    ``(4 hidden, in)``, weight_hh (U) ``(4 hidden, hidden)``, bias_ih (b) and bias_hh (d) ``(4 hidden)``
    or ``None``; the outputs are h' and c' ``(*batch, hidden)`` and the gates ``(*batch, 4 hidden)``.

    Raises: ``ValueError`` if input and states are not of one batch.

    Source: Hochreiter and Schmidhuber, "Long short-term memory", 1997, with the forget gate of Gers,
    Schmidhuber and Cummins, "Learning to forget: continual prediction with LSTM", 2000; the order of
    the gates: PyTorch, ``torch.nn.LSTMCell``.

    >>> import numpy as np
    >>> one, none = np.array([[1.0]]), np.zeros((4, 1))
    >>> output, cell, gates = lstm_cell.forward(np, one, one, one, none, none)
    >>> output.round(4).tolist(), cell.tolist(), gates.tolist()
    ([[0.2311]], [[0.5]], [[0.5, 0.5, 0.0, 0.5]])
    """
    require_same_batch(input=input, hx=hx, cx=cx)
    total = linear.forward(xp, input, weight_ih, bias_ih) + linear.forward(xp, hx, weight_hh, bias_hh)
    before_in, before_forget, before_new, before_out = _parts(total, 4)
    gates = (
        sigmoid.forward(xp, before_in),
        sigmoid.forward(xp, before_forget),
        xp.tanh(before_new),
        sigmoid.forward(xp, before_out),
    )
    cell = gates[1] * cx + gates[0] * gates[2]
    return gates[3] * xp.tanh(cell), cell, xp.concat(gates, axis=-1)


@lstm_cell.rule(
    "input",
    "hx",
    "cx",
    "weight_ih",
    "weight_hh",
    "bias_ih",
    "bias_hh",
    needs=("input", "hx", "cx", "weight_ih", "weight_hh", "cell", "gates"),
)
def _(
    xp: Namespace,
    grad_output: tuple[State, State, Gates],
    input: Input,
    hx: State,
    cx: State,
    weight_ih: InputWeight,
    weight_hh: HiddenWeight,
    bias_ih: Bias,
    bias_hh: Bias,
    output: tuple[State, State, Gates],
) -> tuple[Array, ...]:
    (grad, grad_cell, grad_gates), (_, cell, gates) = grad_output, output
    (i, f, g, o), further = _parts(gates, 4), _parts(grad_gates, 4)
    squashed = xp.tanh(cell)
    grad_cell = grad_cell + _before(xp, tanh, grad * o, squashed)
    deltas = (
        _before(xp, sigmoid, grad_cell * g + further[0], i),
        _before(xp, sigmoid, grad_cell * cx + further[1], f),
        _before(xp, tanh, grad_cell * i + further[2], g),
        _before(xp, sigmoid, grad * squashed + further[3], o),
    )
    delta = xp.concat(deltas, axis=-1)
    weights = products(xp, delta, input), products(xp, delta, hx)
    return delta @ weight_ih, delta @ weight_hh, grad_cell * f, *weights, delta, delta


@op(
    "GRUCell",
    kind="layer",
    arguments=_arguments("3", "hx"),
    aliases={"gru": {}, "gated recurrent unit": {}},
    outputs=("output", "gates"),
    autocast="state",
)
def gru_cell(
    xp: Namespace,
    input: Input,
    hx: State,
    weight_ih: InputWeight,
    weight_hh: HiddenWeight,
    bias_ih: Bias = None,
    bias_hh: Bias = None,
) -> tuple[State, Gates]:
    """Step of a gated recurrent unit.

    W x + b and U h + d have three parts each, p, q, s and p̂, q̂, m. With the gates r = σ(p + p̂) and
    z = σ(q + q̂) and the proposal n = tanh(s + r m), the new hidden state is h' = (1 − z) n + z h. With
    the upstream gradient γ the derivatives are ∂L/∂n = γ (1 − z), ∂L/∂z = γ (h − n), and, with
    tanh' = 1 − tanh² and σ' = σ (1 − σ), before the activations

    - δ_s = γ (1 − z) (1 − n²), which is that of s + r m, so ∂L/∂m = δ_m = δ_s r and ∂L/∂r = δ_s m;
    - δ_p = δ_s m r (1 − r), for p and p̂; δ_q = γ (h − n) z (1 − z), for q and q̂.

    With δ = (δ_p, δ_q, δ_s) and ε = (δ_p, δ_q, δ_m): ∂L/∂x = δ W, ∂L/∂W = Σₙ δₙᵀ xₙ, ∂L/∂b = Σₙ δₙ,
    ∂L/∂h = ε U + γ z, ∂L/∂U = Σₙ εₙᵀ hₙ, ∂L/∂d = Σₙ εₙ (broadcasting's gradient sums). r, z, n and m,
    in a row, are an output too, so that they need not be computed again; what else is made of them adds
    its upstream gradient to theirs.

    Shapes: input ``(*batch, in)``, hx (h) ``(*batch, hidden)``, weight_ih (W) ``(3 hidden, in)``,
    weight_hh (U) ``(3 hidden, hidden)``, bias_ih (b) and bias_hh (d) ``(3 hidden)`` or ``None``; the
    outputs are h' ``(*batch, hidden)`` and the gates ``(*batch, 4 hidden)``.

    Raises: ``ValueError`` if input and state are not of one batch.

    Source: Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical
    machine translation", 2014, section 2.3; where r stands and the order of the gates: PyTorch,
    ``torch.nn.GRUCell``.

    >>> import numpy as np
    >>> one, none = np.array([[1.0]]), np.zeros((3, 1))
    >>> output, gates = gru_cell.forward(np, one, one, none, none)
    >>> output.tolist(), gates.tolist()
    ([[0.5]], [[0.5, 0.5, 0.0, 0.0]])
    """
    require_same_batch(input=input, hx=hx)
    of_input = _parts(linear.forward(xp, input, weight_ih, bias_ih), 3)
    of_hidden = _parts(linear.forward(xp, hx, weight_hh, bias_hh), 3)
    r, z = (sigmoid.forward(xp, of_input[gate] + of_hidden[gate]) for gate in (0, 1))
    n = xp.tanh(of_input[2] + r * of_hidden[2])
    return n + z * (hx - n), xp.concat((r, z, n, of_hidden[2]), axis=-1)


@gru_cell.rule(
    "input",
    "hx",
    "weight_ih",
    "weight_hh",
    "bias_ih",
    "bias_hh",
    needs=("input", "hx", "weight_ih", "weight_hh", "gates"),
)
def _(
    xp: Namespace,
    grad_output: tuple[State, Gates],
    input: Input,
    hx: State,
    weight_ih: InputWeight,
    weight_hh: HiddenWeight,
    bias_ih: Bias,
    bias_hh: Bias,
    output: tuple[State, Gates],
) -> tuple[Array, ...]:
    (grad, grad_gates), (_, gates) = grad_output, output
    (r, z, n, m), further = _parts(gates, 4), _parts(grad_gates, 4)
    delta_s = _before(xp, tanh, grad * (1 - z) + further[2], n)
    delta_p = _before(xp, sigmoid, delta_s * m + further[0], r)
    delta_q = _before(xp, sigmoid, grad * (hx - n) + further[1], z)
    delta = xp.concat((delta_p, delta_q, delta_s), axis=-1)
    epsilon = xp.concat((delta_p, delta_q, delta_s * r + further[3]), axis=-1)
    weights = products(xp, delta, input), products(xp, epsilon, hx)
    return delta @ weight_ih, epsilon @ weight_hh + grad * z, *weights, delta, epsilon
