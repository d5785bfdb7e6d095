"""An array that notes what is done with it."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from backproof.training.engines.planning.number import Number

if TYPE_CHECKING:
    from backproof.training.engines.planning.recorder import Recorder

__all__ = ["NotPlanned", "Recorded", "bare", "memory"]

#: The methods of NumPy's arrays that a rule may call.
_METHODS = frozenset(
    {"all", "any", "argmax", "argmin", "astype", "copy", "cumsum", "max", "mean", "min", "ravel", "reshape"}
    | {"squeeze", "sum", "swapaxes", "take", "transpose", "view"}
)
#: The exponents for which Python's ``**`` is another function, which rounds otherwise.
_POWERS: dict[object, np.ufunc] = {2: np.square, 0.5: np.sqrt, -1: np.reciprocal}


class NotPlanned(TypeError):
    """Something is computed that cannot be noted: the modules compute it."""


class Recorded(np.lib.mixins.NDArrayOperatorsMixin):
    """An array with its recorder, which is told of all that is computed from it.

    It has the methods of NumPy's arrays that are known, and no others: what is not noted would be taken
    for a constant.

    Attributes
    ----------
    array
        The array: the result of the first time, and the buffer of every other.
    recorder
        What is told.
    memory
        Whose memory it is: the identity of the array that a view is of.
    """

    __slots__ = ("array", "memory", "recorder")

    def __init__(self, array: NDArray[Any], recorder: Recorder, memory: int) -> None:
        self.array, self.recorder, self.memory = array, recorder, memory

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return self.recorder.ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: object, args: Any, kwargs: Any) -> Any:
        return self.recorder.call(function, *args, **kwargs)

    def __array__(self, *args: object, **kwargs: object) -> NoReturn:
        raise NotPlanned("an array that is noted is taken for one that is not")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in _METHODS:
            return functools.partial(self.recorder.call, getattr(np.ndarray, name), self)
        raise NotPlanned(f"it is not known how to note {name} of an array")

    def __pow__(self, other: Any) -> Any:
        other_way = _POWERS.get(other) if isinstance(other, int | float) else None
        return np.power(self, other) if other_way is None else other_way(self)

    def __getitem__(self, index: Any) -> Any:
        return self.recorder.taken(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        self.recorder.put(self, index, value)

    def __bool__(self) -> bool:
        return self.recorder.decided(self)

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self.array)))

    def item(self, *index: Any) -> Any:
        """Give an element of the array, counted along its rows; of a single number, this."""
        return self.reshape(-1).take(*index) if index else self

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return self.array.shape

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return self.array.ndim

    @property
    def size(self) -> int:
        """How many elements it has."""
        return self.array.size

    @property
    def itemsize(self) -> int:
        """How many bytes an element has."""
        return self.array.itemsize

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype."""
        return self.array.dtype

    @property
    def device(self) -> str:
        """Where it is."""
        return "cpu"

    @property
    def T(self) -> Any:  # noqa: N802 - NumPy's name
        """The array transposed."""
        return self.transpose()

    @property
    def mT(self) -> Any:  # noqa: N802 - NumPy's name
        """Its matrices transposed."""
        return self.swapaxes(-1, -2)


def memory(array: Any) -> int:
    """Give the identity of the array whose memory it is."""
    while getattr(array, "base", None) is not None:
        array = array.base
    return id(array)


def bare(given: Any) -> Any:
    """Give arrays without their recorders, also within tuples and lists."""
    if isinstance(given, Recorded):
        return given.array
    if isinstance(given, Number):
        raise NotPlanned("a number that is another at each step is used in another way than in arithmetic")
    if type(given) in (tuple, list):
        return type(given)(map(bare, given))
    return given
