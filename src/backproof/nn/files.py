"""Models on disk, as safetensors: names and arrays, no code."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from backproof._files import naming
from backproof.nn.module import Module

__all__ = ["load", "save"]

_Model = TypeVar("_Model", bound=Module)


def save(
    model: Module | Mapping[str, NDArray[Any]],
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write the state of a model, or a state, to a file.

    The file appears whole or not at all: it is written under another name beside it, which it then
    takes. ``metadata`` are texts by their names, which the format keeps beside the arrays.

    Raises
    ------
    FileExistsError
        If there is a file, and ``overwrite`` does not say that it may be replaced.
    OSError
        If it cannot be written; it names the file, which is then as it was.
    TypeError
        If an array has a dtype that the format lacks.

    Examples
    --------
    >>> import tempfile
    >>> from backproof import nn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = f"{folder}/model.safetensors"
    ...     nn.save(nn.Linear(3, 2, rng=0), path)
    ...     sorted((name, array.shape) for name, array in nn.load(path).items())
    [('bias', (2,)), ('weight', (2, 3))]
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save as serialize

    path = Path(path)
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} is there already; pass overwrite=True to replace it")
    state = model.state_dict() if isinstance(model, Module) else model
    try:
        arrays = {name: np.array(array, order="C") for name, array in state.items()}
        content = serialize(arrays, None if metadata is None else dict(metadata))
    except (KeyError, SafetensorError) as error:
        dtypes = ", ".join(sorted({str(array.dtype) for array in state.values()}))
        raise TypeError(f"expected dtypes that safetensors has; got {dtypes} ({error})") from error
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with naming(path):
        try:
            with beside.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


@overload
def load(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]: ...
@overload
def load(path: str | os.PathLike[str], model: _Model, *, strict: bool = ...) -> _Model: ...
def load(path: str | os.PathLike[str], model: Module | None = None, *, strict: bool = True) -> Any:
    """Read a state from a file; where a model is given, into it, and give the model.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no safetensors file, or its state is not the model's (see
        `Module.load_state_dict`).
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as deserialize

    content = Path(path).read_bytes()
    try:
        state = deserialize(content)
    except (SafetensorError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is no safetensors file that NumPy can hold: {error}") from error
    if model is None:
        return state
    model.load_state_dict(state, strict=strict)
    return model
