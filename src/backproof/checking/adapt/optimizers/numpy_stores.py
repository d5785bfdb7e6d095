"""What NumPy optimizers are given: parameters with their gradients, in the forms that people use."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.adapt.execution import Failure
from backproof.checking.adapt.libraries import take
from backproof.checking.adapt.words.names import gradient_names, normalise, word_set
from backproof.checking.candidate import Course, Raised

__all__ = ["GRADIENTS", "HOLDERS", "Store", "store_for"]

Array = NDArray[Any]
Native = Callable[[Array], Any]
#: What an object that stands for a parameter calls its array, and its gradient.
HOLDERS = word_set("data value values val array tensor weight weights w param")
GRADIENTS = word_set("grad gradient grads dw dvalue dval g grad_data gradients dweight delta")
_WEIGHTS = word_set("w weight weights kernel theta")
_BIASES = word_set("b bias biases")


class Store(ABC):
    """The parameters of a course and their gradients, as an optimizer is given them.

    ``native`` makes the arrays of NumPy those of the optimizer's library, which may not be changed in place.
    """

    def __init__(self, course: Course, native: Native | None) -> None:
        self.fixed, self.native = native is not None, native or (lambda array: array)
        self.arrays = [self.native(p.copy()) for p in course.parameters]
        gradients = course.gradients
        #: Parameters that have a gradient at some step.
        self.used = [i for i in range(len(self.arrays)) if any(g[i] is not None for g in gradients)]

    @abstractmethod
    def roles(self) -> Mapping[str, Any]:
        """Give what stands for ``params``, ``grads``, ``pairs``, ``model`` and ``layers``."""

    @abstractmethod
    def give(self, gradients: Sequence[Array | None]) -> None:
        """Put the gradients of a step where the optimizer looks for them."""

    @abstractmethod
    def now(self) -> dict[int, Any]:
        """Give the parameters as they are now, by their places."""

    def follow(self, returned: Any) -> None:  # noqa: B027  # nothing to do where all is changed in place
        """Go on with the parameters that a step returned, if that is what it returned."""

    def cleared(self) -> bool | None:
        """Say whether no gradient is left; ``None`` where the optimizer does not hold them."""
        return None

    def leaves_none(self) -> bool:
        """Say whether parameters now have no gradient, rather than one of zeros."""
        return False

    def originals(self) -> Sequence[object]:
        """Give the objects that the optimizer was given."""
        return self.arrays

    def copies(self) -> tuple[Array, ...]:
        """Copy the parameters as they are now.

        Raises
        ------
        Failure
            If one is nothing that can be read as an array.
        """
        current = {**dict(enumerate(self.arrays)), **self.now()}
        return tuple(_read(current[index], index) for index in range(len(self.arrays)))

    def zeros(self, index: int) -> Any:
        """Give zeros of the shape of a parameter."""
        return self.native(np.zeros(self.arrays[index].shape, self.arrays[index].dtype))


def _read(value: object, index: int) -> Array:
    array = take(value)
    if array is None:
        kind = type(value)
        name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
        message = f"parameter {index} is of type {name} after a step, and no array"
        raise Failure(Raised("TypeError", message, "reading"))
    return array


def store_for(form: str, course: Course, *, with_none: bool, native: Native | None = None) -> Store:
    """Make the store of a form; ``with_none`` leaves objects without a gradient where they have none."""
    if form == "objects":
        return _Objects(course, native, with_none=with_none)
    if form == "layers":
        return _Layers(course, native)
    return _Containers(course, native, form)


# --- Objects that hold an array and its gradient -------------------------------------------------


class _Parameter:
    """What stands for a parameter: its array, and its gradient, by whatever name they are asked for."""

    def __init__(self, data: Array) -> None:
        self.data = data
        self.grad: Array | None = np.zeros_like(data)
        self.requires_grad = self.trainable = True

    def __getattr__(self, name: str) -> Any:
        place = _place(name)
        if place is None:
            raise AttributeError(f"a parameter here has data (or value) and grad, not {name}")
        return getattr(self, place)

    def __setattr__(self, name: str, value: Any) -> None:
        vars(self)[_place(name) or name] = value

    @property
    def shape(self) -> tuple[int, ...]:
        """The array's shape."""
        return self.data.shape

    def zero_grad(self) -> None:
        """Clear the gradient."""
        self.grad = np.zeros_like(self.data)


def _place(name: str) -> str | None:
    word = normalise(name)
    return "data" if word in HOLDERS else "grad" if word in GRADIENTS else None


class _Model:
    """What stands for a model: something that has parameters, and layers that have them."""

    def __init__(self, held: Any, layers: Any) -> None:
        self.held, self.layers = held, layers

    def parameters(self) -> Any:
        """Give the parameters."""
        return self.held


class _Objects(Store):
    def __init__(self, course: Course, native: Native | None, *, with_none: bool) -> None:
        super().__init__(course, native)
        self.with_none = with_none
        self.objects = [_Parameter(array) for array in self.arrays]

    def roles(self) -> Mapping[str, Any]:
        params = list(self.objects)
        return {"params": params, "model": _Model(params, []), "grads": None}

    def give(self, gradients: Sequence[Array | None]) -> None:
        for index, (one, gradient) in enumerate(zip(self.objects, gradients, strict=True)):
            none = None if self.with_none or index in self.used else self.zeros(index)
            one.grad = none if gradient is None else self.native(gradient.copy())

    def now(self) -> dict[int, Any]:
        return dict(enumerate(one.data for one in self.objects))

    def cleared(self) -> bool | None:
        return all(one.grad is None or not np.any(one.grad) for one in self.objects)

    def leaves_none(self) -> bool:
        return all(one.grad is None for one in self.objects)

    def originals(self) -> Sequence[object]:
        return self.objects


# --- Layers --------------------------------------------------------------------------------------


class _Gradients(dict[str, Any]):
    """Gradients by the names of the parameters, or by those with a ``d`` before them."""

    def __missing__(self, key: str) -> Any:
        return self[key[1:]] if key[:1] == "d" and len(key) > 1 else None


class _Layer:
    """What stands for a layer: weights and biases with their gradients, by whatever names."""

    def __init__(self, weight: Array, bias: Array) -> None:
        self.params = {"W": weight, "b": bias}
        self.grads = _Gradients(W=np.zeros_like(weight), b=np.zeros_like(bias))
        self.trainable = True

    def __getattr__(self, name: str) -> Any:
        place = _layer_place(name)
        if place is None:
            raise AttributeError(f"a layer here has weights and biases and their gradients, not {name}")
        held, key = place
        return vars(self)[held][key]

    def __setattr__(self, name: str, value: Any) -> None:
        place = _layer_place(name)
        if place is None:
            vars(self)[name] = value
        else:
            vars(self)[place[0]][place[1]] = value


def _layer_place(name: str) -> tuple[str, str] | None:
    word = normalise(name)
    for key, own, of in (("W", _WEIGHTS, "weight"), ("b", _BIASES, "bias")):
        if word in own:
            return "params", key
        if word in gradient_names(of):
            return "grads", key
    return None


class _Layers(Store):
    """Layers of two parameters each; the last has one that is always still where their number is odd."""

    def __init__(self, course: Course, native: Native | None) -> None:
        super().__init__(course, native)
        padded = [self.arrays[i] for i in self.used]
        padded += [self.native(np.zeros(1))] * (len(padded) % 2)
        self.layers = [_Layer(*padded[i : i + 2]) for i in range(0, len(padded), 2)]

    def _places(self) -> list[tuple[int, _Layer, str]]:
        return [(index, self.layers[n // 2], "Wb"[n % 2]) for n, index in enumerate(self.used)]

    def roles(self) -> Mapping[str, Any]:
        layers = list(self.layers)
        return {"layers": layers, "model": _Model(layers, layers), "params": layers}

    def give(self, gradients: Sequence[Array | None]) -> None:
        for index, layer, key in self._places():
            gradient = gradients[index]
            layer.grads[key] = self.zeros(index) if gradient is None else self.native(gradient.copy())

    def now(self) -> dict[int, Any]:
        return {index: layer.params[key] for index, layer, key in self._places()}


# --- Lists, dictionaries and single arrays -------------------------------------------------------


class _Containers(Store):
    """Arrays in one of these forms, and their gradients in the same.

    A ``list``, a ``dict``, a ``network`` (``W1``, ``b1`` … with ``dW1``, ``db1`` …), a ``single`` array,
    ``layer dicts`` (``{"layer1": {"W": …, "b": …}, …}``) or ``layer tuples`` (``[(W, b), …]``).
    """

    def __init__(self, course: Course, native: Native | None, form: str) -> None:
        super().__init__(course, native)
        self.form = form
        # A network has a weight and a bias in each layer; a bias of its own makes their number even.
        paired = form in ("network", "layer dicts", "layer tuples")
        self.extra = {-1: self.native(np.zeros(1))} if paired and len(self.used) % 2 else {}
        self.mark = "d" if form == "network" else ""
        self.container = self._pack({**{i: self.arrays[i] for i in self.used}, **self.extra})
        self.gradients = self._pack(self._zeros(), self.mark)

    def _zeros(self) -> dict[int, Any]:
        return {**{i: self.zeros(i) for i in self.used}, **{i: a * 0 for i, a in self.extra.items()}}

    def _paths(self, mark: str = "") -> dict[int, tuple[str | int, ...]]:
        """Say under which keys each array stands."""
        places = [*self.used, *self.extra]
        paths: Mapping[str, Callable[[int, int], tuple[str | int, ...]]] = {
            "list": lambda n, index: (n,),
            "dict": lambda n, index: (f"{mark}p{index}",),
            "network": lambda n, index: (f"{mark}{'Wb'[n % 2]}{n // 2 + 1}",),
            "single": lambda n, index: (),
            "layer dicts": lambda n, index: (f"layer{n // 2 + 1}", "Wb"[n % 2]),
            "layer tuples": lambda n, index: (n // 2, n % 2),
        }
        return {index: paths[self.form](n, index) for n, index in enumerate(places)}

    def _pack(self, items: Mapping[int, Any], mark: str = "") -> Any:
        """Give arrays the form the optimizer takes."""
        paths = self._paths(mark)
        if self.form in ("single", "list"):
            return next(iter(items.values())) if self.form == "single" and items else list(items.values())
        if self.form in ("dict", "network"):
            return {path[0]: items[index] for index, path in paths.items()}
        layers: dict[Any, dict[Any, Any]] = {}
        for index, (layer, key) in paths.items():
            layers.setdefault(layer, {})[key] = items[index]
        return layers if self.form == "layer dicts" else [tuple(one.values()) for one in layers.values()]

    def _unpack(self, packed: Any, mark: str = "") -> dict[int, Any]:
        return {index: _at(packed, path) for index, path in self._paths(mark).items() if index >= 0}

    def roles(self) -> Mapping[str, Any]:
        shapes = self._pack({i: self.arrays[i].shape for i in self.used} | dict.fromkeys(self.extra, (1,)))
        roles = {"params": self.container, "grads": self.gradients, "model": _Model(self.container, [])}
        if isinstance(self.container, list):
            roles["pairs"] = list(zip(self.container, self.gradients, strict=True))
            roles["pairs reversed"] = list(zip(self.gradients, self.container, strict=True))
        return {**roles, "shapes": shapes}

    def give(self, gradients: Sequence[Array | None]) -> None:
        given = {i: g for i, g in enumerate(gradients) if i in self.used and g is not None}
        if self.fixed:
            self.gradients = self._pack(
                self._zeros() | {i: self.native(g) for i, g in given.items()}, self.mark
            )
            return
        # Into the same arrays: the constructor may have been given them.
        for index, held in self._unpack(self.gradients, self.mark).items():
            held[...] = given.get(index, 0)

    def now(self) -> dict[int, Any]:
        return self._unpack(self.container)

    def follow(self, returned: Any) -> None:
        if isinstance(returned, tuple) and returned and self._is_whole(returned[0]):
            returned = returned[0]
        if isinstance(returned, tuple) and isinstance(self.container, list):
            returned = list(returned)
        if returned is not self.container and self._is_whole(returned):
            self.container = returned

    def _is_whole(self, value: Any) -> bool:
        """Say whether a value holds the parameters as they are held here."""
        for kind in (Mapping, list):
            if isinstance(self.container, kind) and not isinstance(value, kind):
                return False
        if isinstance(self.container, list) and len(value) != len(self.container):
            return False
        return all(
            getattr(array, "shape", None) == self.arrays[index].shape
            for index, array in self._unpack(value).items()
        )


def _at(packed: Any, path: Sequence[str | int]) -> Any:
    """Give what stands under keys within one another; ``None`` where nothing does."""
    try:
        for key in path:
            packed = packed[key]
    except (KeyError, IndexError, TypeError):
        return None
    return packed
