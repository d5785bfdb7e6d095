"""Every op under other namespaces: the strict standard, and PyTorch through array-api-compat."""

from __future__ import annotations

import array_api_compat.torch
import array_api_strict
import numpy as np
import pytest
import torch

from tests.ops.examples import FLOATS, Example, examples
from tests.ops.results import Library, assert_same, of_op

LIBRARIES = {
    # Raises for whatever the standard of 2024 does not promise.
    "strict": Library(array_api_strict, array_api_strict.asarray, np.asarray),
    "torch": Library(
        array_api_compat.torch, lambda array: torch.from_numpy(array.copy()), lambda tensor: tensor.numpy()
    ),
}
EXAMPLES = [example for dtype in FLOATS for example in examples(dtype)]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{e}-{e.dtype}" for e in EXAMPLES])
# NumPy, which the strict namespace rests on, warns that the mean of nothing is no number.
@pytest.mark.filterwarnings("ignore:Mean of empty slice:RuntimeWarning")
def test_agrees_with_numpy(example: Example, library: str) -> None:
    assert_same(of_op(example, library=LIBRARIES[library]), of_op(example))
