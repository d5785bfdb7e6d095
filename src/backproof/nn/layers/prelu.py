"""The activation that has a parameter."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from backproof.nn.arguments import parameters_dtype, whole
from backproof.nn.component import Component
from backproof.nn.parameter import Parameter
from backproof.ops import CATALOGUE

__all__ = ["PReLU"]


class PReLU(Component):
    """Rectified linear unit with a slope for negative inputs that is learned.

    The weight is one slope, or one for each channel, which is axis 1. Shapes: any; with a slope for
    each channel ``(N, num_parameters, …)``.

    Source: He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015.

    Examples
    --------
    >>> from backproof import nn
    >>> nn.PReLU()(np.array([-1.0, 1.0])).tolist()
    [-0.25, 1.0]
    """

    op = CATALOGUE["PReLU"]
    held = ("weight",)

    def __init__(
        self,
        num_parameters: int = 1,
        init: float = 0.25,
        device: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        whole(self, 1, num_parameters=num_parameters)
        dtype = parameters_dtype(self, device, dtype)
        self.num_parameters, self.init = num_parameters, init
        self.register_parameter("weight", Parameter(np.full(num_parameters, init, dtype)))

    def extra_repr(self) -> str:
        """Give the number of slopes, as PyTorch does."""
        return f"num_parameters={self.num_parameters}"
