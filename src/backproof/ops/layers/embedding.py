"""The embedding: a row of the weight for each index."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Int, Namespace
from backproof.ops.backend import check_classes, scatter_add
from backproof.ops.catalogue import op
from backproof.ops.domain import CLASS, SMALL, Argument

__all__ = ["embedding"]

#: Indices of rows.
Indices: TypeAlias = Int[Array, "*batch"]
#: A row for each index.
Weight: TypeAlias = Float[Array, "rows size"]
#: The rows that were asked for.
Out: TypeAlias = Float[Array, "*batch size"]


@op(
    "Embedding",
    kind="layer",
    arguments={"input": Argument(CLASS, "N"), "weight": Argument(SMALL, "C D")},
    aliases={"lookup table": {}},
)
def embedding(xp: Namespace, input: Indices, weight: Weight, *, padding_idx: int | None = None) -> Out:
    """Look up a row of the weight for each index.

    yₙ = w_{cₙ} for the index cₙ: a linear map of the one-hot rows of the indices. The derivative of
    yₙ for the row w_c is 1 where cₙ = c and 0 elsewhere, so with the upstream gradient g

    ∂L/∂w_c = Σₙ [cₙ = c] gₙ:

    an index that occurs twice counts twice. The row ``padding_idx`` (from the end where it is
    negative) stands for nothing and has no gradient.

    Shapes: the input has any shape and holds integers, weight ``(rows, size)``; output
    ``(*batch, size)``.

    Raises
    ------
    IndexError
        If the weight has no row of that index.

    Source: Bengio, Ducharme, Vincent and Jauvin, "A neural probabilistic language model", 2003,
    section 2; the padding: PyTorch, ``torch.nn.Embedding``.

    >>> import numpy as np
    >>> embedding.forward(np, np.array([1, 0, 1]), np.array([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[3.0, 4.0], [1.0, 2.0], [3.0, 4.0]]
    """
    check_classes(xp, input, weight.shape[0], what="row")
    rows = xp.take(weight, xp.reshape(input, (-1,)), axis=0)
    return xp.reshape(rows, (*input.shape, weight.shape[1]))


@embedding.rule("weight", needs=("input", "weight"))
def _(
    xp: Namespace, grad_output: Out, input: Indices, weight: Weight, output: Out, *, padding_idx: int | None
) -> Weight:
    size, width = weight.shape
    indices, rows = xp.reshape(input, (-1,)), xp.reshape(grad_output, (-1, width))
    if padding_idx is not None:
        rows = xp.where((indices == padding_idx % size)[:, None], 0, rows)
    return scatter_add(xp, rows, indices, size)
