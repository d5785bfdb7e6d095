"""Models on disk: exact, whole or not at all, and never replaced by accident."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch

from backproof import nn
from tests.nn.models import convnet
from tests.ops.examples import generator


def test_a_model_comes_back_exactly(tmp_path: Path) -> None:
    model, other, path = convnet(), convnet(), tmp_path / "model.safetensors"
    model(generator("files").standard_normal((5, 1, 8, 8)))
    nn.save(model, path)
    assert nn.load(path, other) is other
    for name, array in model.state_dict().items():
        assert array.dtype == other.state_dict()[name].dtype
        np.testing.assert_array_equal(array, other.state_dict()[name])
    assert list(tmp_path.iterdir()) == [path]


def test_pytorch_reads_and_writes_it(tmp_path: Path) -> None:
    model, path = convnet(), tmp_path / "model.safetensors"
    nn.save(model, path)
    twin = convnet().to_torch()
    twin.load_state_dict(safetensors.torch.load_file(path))
    safetensors.torch.save_file({name: 2 * tensor for name, tensor in twin.state_dict().items()}, path)
    np.testing.assert_array_equal(nn.load(path)["head.weight"], 2 * model.head.weight)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i8", "u1", "?"])
def test_every_dtype_and_layout_is_kept(tmp_path: Path, dtype: str) -> None:
    array = np.arange(6).reshape(2, 3).astype(dtype).T
    nn.save({"a": array, "zero": array[0, 0].reshape(())}, tmp_path / "x")
    state = nn.load(tmp_path / "x")
    assert (state["a"].dtype, state["zero"].shape) == (array.dtype, ())
    np.testing.assert_array_equal(state["a"], array)


def test_a_file_is_replaced_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "model"
    nn.save({"a": np.zeros(1)}, path)
    with pytest.raises(FileExistsError, match="pass overwrite=True"):
        nn.save({"a": np.ones(1)}, path)
    nn.save({"a": np.ones(1)}, path, overwrite=True)
    assert nn.load(path)["a"] == 1


def test_a_failure_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model"
    nn.save({"a": np.zeros(1)}, path)

    def fail(self: Path, target: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        nn.save({"a": np.ones(1)}, path, overwrite=True)
    assert nn.load(path)["a"] == 0
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        nn.load(tmp_path / "nothing")
    (tmp_path / "text").write_text("no model")
    with pytest.raises(ValueError, match="text is no safetensors file"):
        nn.load(tmp_path / "text")
    with pytest.raises(TypeError, match=r"longdouble|float128"):
        nn.save({"a": np.zeros(1, np.longdouble)}, tmp_path / "x")
    nn.save(nn.Linear(3, 2), tmp_path / "linear")
    with pytest.raises(ValueError, match=r"weight has the shape \(2, 2\)"):
        nn.load(tmp_path / "linear", nn.Linear(2, 2))
