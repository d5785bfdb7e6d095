"""A state as text and arrays: what JSON can hold stays, arrays get names, and nothing else is taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["packed", "unpacked"]

#: What JSON holds exactly, NaN and infinities among it.
_PLAIN = (type(None), bool, int, float, str)
#: Arrays of these lie in the file as they are; of others the bytes do.
_KINDS, _WIDEST = "biuf", 8


def packed(tree: Any, place: str = "state") -> tuple[Any, dict[str, NDArray[Any]]]:
    """Take a state apart: give what JSON can hold, and the arrays by their names.

    A state is made of numbers, texts, ``None``, arrays, tensors, lists, tuples and dictionaries.

    Raises
    ------
    TypeError
        If there is something else in it.

    Examples
    --------
    >>> text, arrays = packed({"step": 2, "betas": (0.9, 0.99), "mean": np.zeros(3)})
    >>> text
    {'step': 2, 'betas': {'$tuple': [0.9, 0.99]}, 'mean': {'$array': 'mean'}}
    >>> unpacked(text, arrays)
    {'step': 2, 'betas': (0.9, 0.99), 'mean': array([0., 0., 0.])}
    """
    arrays: dict[str, NDArray[Any]] = {}
    return _pack(tree, place, (), arrays), arrays


def _pack(value: Any, root: str, path: tuple[str, ...], arrays: dict[str, NDArray[Any]]) -> Any:
    def inside(pairs: Iterable[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
        return [(name, _pack(each, root, (*path, str(name)), arrays)) for name, each in pairs]

    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is list or kind is tuple:
        items = [each for _, each in inside(enumerate(value))]
        return items if kind is list else {"$tuple": items}
    if isinstance(value, Mapping):
        items = inside(value.items())
        if all(type(name) is str and not name.startswith("$") for name in value):
            return dict(items)
        return {"$items": [[_pack(name, root, path, arrays), each] for name, each in items]}
    if isinstance(value, np.ndarray | np.generic) and not value.dtype.hasobject:
        return _pack_array(value, path or (root,), arrays)
    if hasattr(value, "detach"):
        return _pack_tensor(value, path or (root,), arrays)
    raise TypeError(
        f"expected numbers, texts, arrays, lists, tuples and dictionaries in {'.'.join((root, *path))}; got "
        f"{kind.__name__}: leave it out of what the state_dict there gives"
    )


def _pack_array(
    value: NDArray[Any] | np.generic, path: tuple[str, ...], arrays: dict[str, NDArray[Any]]
) -> dict[str, Any]:
    array, dtype = np.asarray(value, order="C"), value.dtype
    as_it_is = dtype.isnative and dtype.kind in _KINDS and dtype.itemsize <= _WIDEST
    stored = array if as_it_is else np.frombuffer(array.tobytes(), np.uint8)
    about: dict[str, Any] = {} if as_it_is else {"dtype": dtype.str, "shape": list(array.shape)}
    if isinstance(value, np.generic):
        about["scalar"] = True
    return {"$array": _name(path, stored, arrays), **about}


def _pack_tensor(value: Any, path: tuple[str, ...], arrays: dict[str, NDArray[Any]]) -> dict[str, Any]:
    import torch

    content = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().copy()
    dtype = str(value.dtype).removeprefix("torch.")
    return {"$tensor": _name(path, content, arrays), "dtype": dtype, "shape": list(value.shape)}


def _name(path: tuple[str, ...], array: NDArray[Any], arrays: dict[str, NDArray[Any]]) -> str:
    name = ".".join(path)
    while name in arrays:  # names may have dots in them
        name += "'"
    arrays[name] = array
    return name


def unpacked(text: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    """Put together what `packed` took apart; KeyError, TypeError or ValueError if it is none of its."""
    if isinstance(text, list):
        return [unpacked(each, arrays) for each in text]
    if not isinstance(text, dict):
        return text
    if "$array" in text:
        return _array(arrays[text["$array"]], text)
    if "$tensor" in text:
        return _tensor(arrays[text["$tensor"]], text)
    if "$items" in text:
        return {unpacked(name, arrays): unpacked(each, arrays) for name, each in text["$items"]}
    inside = {name: unpacked(each, arrays) for name, each in text.items()}
    return tuple(inside["$tuple"]) if "$tuple" in inside else inside


def _array(stored: NDArray[Any], about: Mapping[str, Any]) -> Any:
    array = stored.copy()
    if "dtype" in about:
        array = np.frombuffer(array, about["dtype"]).reshape(about["shape"])
    return array[()] if about.get("scalar") else array


def _tensor(stored: NDArray[Any], about: Mapping[str, Any]) -> Any:
    import torch

    dtype = getattr(torch, about["dtype"])
    flat = torch.from_numpy(stored.copy()).view(dtype) if stored.size else torch.empty(0, dtype=dtype)
    return flat.reshape(about["shape"])
