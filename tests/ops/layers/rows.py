"""What to try of each layer, and what is peculiar to it."""

from __future__ import annotations

import torch

from tests.ops.row import Row

ROWS: dict[str, Row] = {
    "Linear": Row(
        shapes={
            "no bias": ((7, 5), (3, 5), None),
            "one sample": ((5,), (3, 5), (3,)),
            "two axes of batch": ((2, 7, 5), (3, 5), (3,)),
        },
        twin=torch.nn.functional.linear,
    ),
}
