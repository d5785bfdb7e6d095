"""Layers that multiply with a weight: linear, bilinear, and the look-up of an embedding."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from backproof.nn import init
from backproof.nn.arguments import only, parameters_dtype, whole
from backproof.nn.component import Component
from backproof.nn.init import Seed
from backproof.nn.parameter import Parameter
from backproof.ops.layers.bilinear import bilinear
from backproof.ops.layers.embedding import embedding
from backproof.ops.layers.linear import linear

__all__ = ["Bilinear", "Embedding", "Linear"]


class Linear(Component):
    """Linear map and shift: Y = X Wᵀ + b.

    Shapes: input ``(*batch, in_features)``, output ``(*batch, out_features)``. The weight is
    ``(out_features, in_features)``, the bias ``(out_features)``. Both start evenly drawn from
    ±1/√in_features, as in PyTorch. The derivation is that of ``backproof.ops``' Linear.

    Parameters
    ----------
    in_features, out_features
        The sizes of the last axis.
    bias
        Whether there is a shift.
    device
        ``None`` or ``"cpu"``.
    dtype
        Of the parameters, float32 by default. Input of another floating dtype is computed with as NumPy
        promotes.
    rng
        A generator or a seed, for the parameters.

    Examples
    --------
    >>> from backproof import nn
    >>> layer = nn.Linear(3, 2, rng=0)
    >>> layer(np.ones((7, 3), np.float32)).shape
    (7, 2)
    >>> layer.backward(np.ones((7, 2), np.float32)).shape
    (7, 3)
    >>> layer.grads["bias"].tolist()
    [7.0, 7.0]
    """

    op = linear
    held = ("weight", "bias")

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: str | None = None,
        dtype: DTypeLike | None = None,
        *,
        rng: Seed = None,
    ) -> None:
        whole(self, 0, in_features=in_features, out_features=out_features)
        rng, dtype = np.random.default_rng(rng), parameters_dtype(self, device, dtype)
        self.in_features, self.out_features = in_features, out_features
        self.register_parameter("weight", Parameter(np.empty((out_features, in_features), dtype)))
        init.kaiming_uniform_(self.weight, math.sqrt(5), rng=rng)
        add_bias(self, out_features if bias else None, in_features, dtype, rng)

    def extra_repr(self) -> str:
        """Give the sizes, as PyTorch does."""
        bias = self._parameters["bias"] is not None
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={bias}"


def add_bias(layer: Component, size: int | None, fan_in: int, dtype: DTypeLike, rng: Seed) -> None:
    """Give a layer its bias, drawn from ±1/√fan_in; ``None`` if it has no size."""
    if size is None:
        layer.register_parameter("bias", None)
        return
    bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
    bias = init.uniform_(np.empty(size, dtype), -bound, bound, rng=rng)
    layer.register_parameter("bias", Parameter(bias))


class Bilinear(Component):
    """Bilinear map and shift: yₒ = x₁ᵀ Wₒ x₂ + bₒ.

    Shapes: inputs ``(*batch, in1_features)`` and ``(*batch, in2_features)``, output
    ``(*batch, out_features)``. The weight is ``(out_features, in1_features, in2_features)``, the bias
    ``(out_features)``. Both start evenly drawn from ±1/√in1_features, as in PyTorch. ``backward`` gives
    a tuple, the gradient for each input.

    Examples
    --------
    >>> from backproof import nn
    >>> layer = nn.Bilinear(3, 5, 2, rng=0)
    >>> layer(np.ones((7, 3), np.float32), np.ones((7, 5), np.float32)).shape
    (7, 2)
    """

    op = bilinear
    held = ("weight", "bias")
    wrt = ("input1", "input2")

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: str | None = None,
        dtype: DTypeLike | None = None,
        *,
        rng: Seed = None,
    ) -> None:
        whole(self, 1, in1_features=in1_features)
        whole(self, 0, in2_features=in2_features, out_features=out_features)
        rng, dtype = np.random.default_rng(rng), parameters_dtype(self, device, dtype)
        self.in1_features, self.in2_features = in1_features, in2_features
        self.out_features = out_features
        bound = 1 / math.sqrt(in1_features)
        shape = (out_features, in1_features, in2_features)
        self.register_parameter(
            "weight", Parameter(init.uniform_(np.empty(shape, dtype), -bound, bound, rng=rng))
        )
        add_bias(self, out_features if bias else None, in1_features, dtype, rng)

    def extra_repr(self) -> str:
        """Give the sizes, as PyTorch does."""
        bias = self._parameters["bias"] is not None
        sizes = f"in1_features={self.in1_features}, in2_features={self.in2_features}"
        return f"{sizes}, out_features={self.out_features}, bias={bias}"


class Embedding(Component):
    """Look-up: each index is replaced by its row of the weight.

    Shapes: input ``(…)`` of integers, output ``(…, embedding_dim)``; the weight is
    ``(num_embeddings, embedding_dim)``, drawn from the standard normal distribution. The row
    ``padding_idx`` starts with zeros and has no gradient. ``backward`` gives ``None``: indices have no
    gradient.

    Examples
    --------
    >>> from backproof import nn
    >>> layer = nn.Embedding(5, 3, padding_idx=0, rng=0)
    >>> layer([0]).tolist()
    [[0.0, 0.0, 0.0]]
    """

    op = embedding
    held = ("weight",)
    wrt = ()

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        *,
        device: str | None = None,
        dtype: DTypeLike | None = None,
        rng: Seed = None,
    ) -> None:
        only(
            self,
            max_norm=(max_norm, None),
            norm_type=(norm_type, 2.0),
            scale_grad_by_freq=(scale_grad_by_freq, False),
            sparse=(sparse, False),
        )
        whole(self, 0, num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        dtype = parameters_dtype(self, device, dtype)
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise ValueError(
                    f"expected padding_idx to be one of {num_embeddings} rows; got padding_idx={padding_idx}"
                )
            padding_idx %= num_embeddings
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = padding_idx
        self.register_parameter(
            "weight", Parameter(init.normal_(np.empty((num_embeddings, embedding_dim), dtype), rng=rng))
        )
        if padding_idx is not None:
            self.weight[padding_idx] = 0

    @classmethod
    def from_pretrained(
        cls,
        embeddings: ArrayLike,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Embedding:
        """Make one of rows that there are, of their dtype; frozen, unless ``freeze=False``.

        Raises
        ------
        ValueError
            If the rows are no matrix.

        Examples
        --------
        >>> from backproof import nn
        >>> nn.Embedding.from_pretrained([[1.0, 2.0], [3.0, 4.0]])([1]).tolist()
        [[3.0, 4.0]]
        """
        rows = Parameter(embeddings, requires_grad=not freeze)
        if rows.data.ndim != 2:
            raise ValueError(
                f"{cls.__name__} expects rows (num_embeddings, embedding_dim); "
                f"got embeddings of shape={rows.data.shape}"
            )
        count, size = rows.data.shape
        layer = cls(count, size, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
        layer.register_parameter("weight", rows)
        return layer

    def extra_repr(self) -> str:
        """Give the sizes, as PyTorch does."""
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
