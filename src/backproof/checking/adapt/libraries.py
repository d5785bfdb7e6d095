"""The two libraries candidates are written in: how an array is given to them and taken back."""

from __future__ import annotations

import contextlib
import importlib
import random
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "NUMPY",
    "Library",
    "Native",
    "NumPyLibrary",
    "TorchLibrary",
    "first_array",
    "jax_precision",
    "library",
    "of_jax",
    "on_device_of",
    "quiet",
    "seed",
    "take",
    "unchanged",
]

#: An array of the candidate's library.
Native: TypeAlias = Any

_NUMBERS = "fiub"


class Library(Protocol):
    """How arrays cross to and from the user's code."""

    name: str
    device: str

    def give(self, array: NDArray[Any]) -> Native:
        """Copy an array into one that the candidate may do with as it likes."""

    def is_array(self, value: object) -> bool:
        """Say whether a value is an array of this library."""

    def is_made(self, value: Native) -> bool:
        """Say whether an array has its numbers already: lazy parameters get them in the first call."""

    def is_floating(self, value: Native) -> bool:
        """Say whether an array of this library holds real numbers."""

    def shape(self, value: Native) -> tuple[int, ...]:
        """Give the shape of an array of this library."""

    def dtype(self, value: Native) -> np.dtype[Any]:
        """Give the dtype of an array of this library, as NumPy calls it."""

    def same(self, value: Native, array: NDArray[Any]) -> bool:
        """Say whether an array that was given still holds what it held."""

    def overwrite(self, value: Native, array: NDArray[Any]) -> bool:
        """Put other values into an array of the candidate; say whether that was possible."""

    def cast_in_place(self, value: Native, dtype: np.dtype[Any]) -> bool:
        """Change an array's dtype where it is; say whether that was possible."""

    def clear(self, value: Native) -> None:
        """Fill an array with zeros."""


class NumPyLibrary:
    """Candidates that compute with NumPy."""

    name = "numpy"
    device = "cpu"

    def give(self, array: NDArray[Any]) -> Native:
        """Copy an array; one without axes becomes NumPy's scalar, which is a number to any code."""
        return array.copy() if array.ndim else array[()]

    def is_array(self, value: object) -> bool:
        """Say whether a value is a NumPy array."""
        return isinstance(value, np.ndarray)

    def is_made(self, value: Native) -> bool:
        """Say that it does: NumPy's arrays always have their numbers."""
        return True

    def is_floating(self, value: Native) -> bool:
        """Say whether an array holds real numbers."""
        return bool(value.dtype.kind == "f")

    def shape(self, value: Native) -> tuple[int, ...]:
        """Give an array's shape."""
        return tuple(value.shape)

    def dtype(self, value: Native) -> np.dtype[Any]:
        """Give an array's dtype."""
        found: np.dtype[Any] = value.dtype
        return found

    def same(self, value: Native, array: NDArray[Any]) -> bool:
        """Compare bit by bit, so that NaN is NaN."""
        return bool(value.tobytes() == array.tobytes())

    def overwrite(self, value: Native, array: NDArray[Any]) -> bool:
        """Write into the array where shape and dtype are the same."""
        if value.shape != array.shape or value.dtype != array.dtype or not value.flags.writeable:
            return False
        value[...] = array
        return True

    def cast_in_place(self, value: Native, dtype: np.dtype[Any]) -> bool:
        """Give up: a NumPy array keeps its dtype."""
        return False

    def clear(self, value: Native) -> None:
        """Fill an array with zeros."""
        value[...] = 0


class TorchLibrary:
    """Candidates that compute with PyTorch's tensors, without its graph.

    Attributes
    ----------
    device
        Where the tensors are made that a candidate gets: see `on_device_of`.
    """

    name = "torch"
    device = "cpu"

    def __init__(self) -> None:
        import torch

        self.torch = torch

    def give(self, array: NDArray[Any]) -> Native:
        """Copy an array into a tensor of the same dtype."""
        return self.torch.from_numpy(np.array(array)).to(self.device)  # a copy, also of a NumPy scalar

    def is_array(self, value: object) -> bool:
        """Say whether a value is a tensor."""
        return isinstance(value, self.torch.Tensor)

    def is_made(self, value: Native) -> bool:
        """Say whether a tensor is more than a promise."""
        return not self.torch.nn.parameter.is_lazy(value)

    def is_floating(self, value: Native) -> bool:
        """Say whether a tensor holds real numbers."""
        return bool(value.is_floating_point())

    def shape(self, value: Native) -> tuple[int, ...]:
        """Give a tensor's shape."""
        return tuple(value.shape)

    def dtype(self, value: Native) -> np.dtype[Any]:
        """Give a tensor's dtype as NumPy calls it; ``bfloat16``, which NumPy lacks, as half precision."""
        name = str(value.dtype).removeprefix("torch.")
        return np.dtype("float16" if name == "bfloat16" else name)

    def same(self, value: Native, array: NDArray[Any]) -> bool:
        """Compare bit by bit, so that NaN is NaN."""
        return bool(value.detach().cpu().numpy().tobytes() == array.tobytes())

    def overwrite(self, value: Native, array: NDArray[Any]) -> bool:
        """Write into the tensor; for another shape or dtype give it other data: it stays the same tensor."""
        held = value.detach()
        if held.shape == array.shape and held.is_cpu and (view := held.numpy()).dtype == array.dtype:
            view[...] = array  # the graph's own node for the parameter stays, which giving it data costs
        else:
            value.data = self.torch.from_numpy(np.array(array)).to(value.device)
        return True

    def cast_in_place(self, value: Native, dtype: np.dtype[Any]) -> bool:
        """Give the tensor its data in another dtype; one that was computed from others stays as it is."""
        if value.is_leaf:
            value.data = value.data.to(getattr(self.torch, dtype.name))
        return True

    def clear(self, value: Native) -> None:
        """Fill a tensor with zeros."""
        value.detach().zero_()


NUMPY: Library = NumPyLibrary()
_TORCH: list[Library] = []


def library(name: str) -> Library:
    """Give the library of that name, ``numpy`` or ``torch``; torch is imported only here."""
    if name == "numpy":
        return NUMPY
    if not _TORCH:
        _TORCH.append(TorchLibrary())
    return _TORCH[0]


@contextlib.contextmanager
def on_device_of(candidate: object) -> Iterator[None]:
    """Give a module of PyTorch, as long as this lasts, its tensors where its parameters are."""
    named = [getattr(candidate, name, None) for name in ("parameters", "buffers")]
    if "torch" not in sys.modules or isinstance(candidate, type) or not all(map(callable, named)):
        yield
        return
    known: Any = library("torch")
    held = (tensor for tensors in named for tensor in tensors())  # type: ignore[misc]  # they are callable
    before, known.device = known.device, str(getattr(next(held, None), "device", "cpu"))
    try:
        yield
    finally:
        known.device = before


def take(value: object, dtype: np.dtype[Any] | None = None) -> NDArray[Any] | None:
    """Copy what a candidate returned into an array; ``None`` if it is no number and no array of numbers.

    A Python number or a list of them has no dtype of its own and takes ``dtype``.

    Examples
    --------
    >>> take(0.5, np.dtype("float32")), take([1.0, 2.0]), take("nothing") is None
    (array(0.5, dtype=float32), array([1., 2.]), True)
    """
    if isinstance(value, np.ndarray):
        return value.copy() if value.dtype.kind in _NUMBERS else _from_objects(value)
    if isinstance(value, np.generic):
        return np.asarray(value) if value.dtype.kind in _NUMBERS else None
    if isinstance(value, bool | int | float):
        return np.asarray(value, dtype=dtype)
    return _from_list(value, dtype) if isinstance(value, list | tuple) else _from_others(value)


def _from_others(value: object) -> NDArray[Any] | None:
    torch, jax = sys.modules.get("torch"), sys.modules.get("jax")
    if torch is not None and isinstance(value, torch.Tensor):
        return _from_tensor(value)
    return take(np.array(value)) if jax is not None and isinstance(value, jax.Array) else None


def _from_tensor(tensor: Any) -> NDArray[Any]:
    tensor = tensor.detach()
    try:
        found: NDArray[Any] = tensor.numpy().copy()
    except (TypeError, RuntimeError):  # sparse, on another device, or of a dtype that NumPy lacks
        dense = (tensor.to_dense() if tensor.is_sparse else tensor).cpu()
        found = (dense.float() if dense.is_floating_point() else dense).numpy()
    return found if found.dtype.kind in _NUMBERS else found.real.copy()


def _from_objects(array: NDArray[Any]) -> NDArray[Any] | None:
    """Read an array of Python objects as numbers, if that is what they are."""
    try:
        return array.astype(float)
    except (TypeError, ValueError):
        return None


def _from_list(value: list[Any] | tuple[Any, ...], dtype: np.dtype[Any] | None) -> NDArray[Any] | None:
    items = [take(item, dtype) for item in value]
    if not items or any(item is None for item in items):
        return None
    if len({item.shape for item in items if item is not None}) != 1:
        return None
    return np.stack([item for item in items if item is not None])


def of_jax(value: Any) -> Any:
    """Give JAX's array for one of NumPy's, and anything else as it is."""
    jax: Any = sys.modules["jax"]
    return jax.numpy.asarray(value) if isinstance(value, np.ndarray | np.generic) else value


def jax_precision(*, wide: bool) -> contextlib.AbstractContextManager[object]:
    """Let JAX keep float64, or make float32 of it as it does by itself."""
    jax: Any = sys.modules["jax"]
    if hasattr(jax, "enable_x64"):
        found: contextlib.AbstractContextManager[object] = jax.enable_x64(wide)
        return found
    experimental: Any = importlib.import_module("jax.experimental")
    older: contextlib.AbstractContextManager[object] = experimental.enable_x64(wide)
    return older


def unchanged(value: object, array: NDArray[Any]) -> bool:
    """Say whether an array of either library still holds what it was given."""
    if isinstance(value, np.ndarray | np.generic):
        return NUMPY.same(value, array)
    return library("torch").same(value, array) if hasattr(value, "detach") else False


def first_array(value: Any) -> Any:
    """Give the output among what a forward returned: of a tuple or a dictionary the first part."""
    if isinstance(value, tuple) and value:
        return value[0]
    if isinstance(value, dict) and value:
        return next(iter(value.values()))
    return value


def seed(number: int = 0, holders: Iterable[object] = ()) -> None:
    """Set the seeds that a candidate may draw from, so that the same call gives the same result.

    ``holders`` are objects and namespaces that may have generators of their own.
    """
    random.seed(number)
    _ENTROPY.seed(number)
    np.random.seed(number)  # the user's own draws come from the global generator
    torch = sys.modules.get("torch")
    if torch is not None:
        everywhere = library("torch").device != "cpu"
        # torch.manual_seed also asks every device: 100 µs
        (torch.manual_seed if everywhere else torch.default_generator.manual_seed)(number)
    for holder in holders:
        held = holder if isinstance(holder, Mapping) else getattr(holder, "__dict__", {})
        for value in list(held.values()):
            _restart(value, number)


def _generators(torch: Any) -> tuple[type, ...]:
    known = (np.random.Generator, np.random.RandomState, random.Random)
    return known if torch is None else (*known, torch.Generator)


def _restart(value: object, number: int) -> None:
    """Let a generator of random numbers begin anew."""
    torch = sys.modules.get("torch")
    if not issubclass(type(value), _generators(torch)):
        return  # without a question to the object itself, whose own code might answer
    if isinstance(value, np.random.Generator):
        value.bit_generator.state = type(value.bit_generator)(number).state
    elif isinstance(value, np.random.RandomState | random.Random):
        value.seed(number)
    elif torch is not None and isinstance(value, torch.Generator):
        value.manual_seed(number)


#: Where generators begin that a candidate makes without a seed; NumPy asks the system.
_ENTROPY = random.Random(0)  # noqa: S311  # nothing is to be kept secret


@contextlib.contextmanager
def _own_entropy() -> Iterator[None]:
    """Let ``default_rng()`` and ``RandomState()`` begin with what `seed` has set, as long as this lasts."""
    source: Any = np.random.bit_generator
    asked = getattr(source, "randbits", None)
    if asked is None:
        yield
        return
    source.randbits = _ENTROPY.getrandbits
    try:
        yield
    finally:
        source.randbits = asked


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep overflows and the user's warnings from being printed, or raised where warnings are errors.

    Generators of random numbers that are made meanwhile begin as `seed` says.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"), _own_entropy():
        warnings.simplefilter("ignore")
        yield
