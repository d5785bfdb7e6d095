"""The namespace of an array, and what the standard lacks."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import array_api_compat.torch
import array_api_strict
import numpy as np
import pytest
import torch

from backproof.ops.backend import namespace, one_hot

NAMESPACES: dict[str, tuple[Any, Any]] = {
    "array": (np.ones(3), np),
    "scalar": (np.float32(3), np),
    "tensor": (torch.ones(3), array_api_compat.torch),
    "strict array": (array_api_strict.ones(3), array_api_strict),
}


@pytest.mark.parametrize(("array", "xp"), NAMESPACES.values(), ids=NAMESPACES)
def test_namespace_of(array: Any, xp: Any) -> None:
    assert namespace(array) is xp


def test_namespace_of_no_array() -> None:
    with pytest.raises(TypeError, match="list"):
        namespace([1.0])


def test_numpy_needs_no_other_library() -> None:
    program = (
        "import sys, numpy as np; from backproof.ops.backend import namespace; namespace(np.ones(3)); "
        "assert not {'array_api_compat', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_one_hot_has_the_dtype_asked_for() -> None:
    rows = one_hot(np, np.array([[2, 0], [1, 1]]), 3, np.float32)
    assert rows.dtype == np.float32
    assert (rows == np.eye(3)[[[2, 0], [1, 1]]]).all()
