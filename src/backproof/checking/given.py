"""What a caller of `backproof.check` gives beside the candidate, read once and refused in one line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Description
from backproof.checking.intervals import interval
from backproof.checking.references import OpReference

__all__ = ["argument_names", "read_domain", "read_inputs", "read_seed"]

_NUMBERS = "biufc"


def read_seed(seed: object) -> int:
    """Read a seed: a whole number, 0 or more.

    Raises
    ------
    ValueError
        If it is none.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"expected a whole number, 0 or more, got seed={seed!r}")
    return int(seed)


def read_domain(domain: object) -> tuple[float, float] | None:
    """Read a domain: two finite numbers, the lower first, or nothing.

    Raises
    ------
    ValueError
        If it is something else.
    """
    if domain is None:
        return None
    found = interval(domain) if isinstance(domain, Iterable) else None
    if found is None:
        raise ValueError(
            f"expected domain=(low, high), two finite numbers with low < high, got domain={domain!r}"
        )
    return found


def argument_names(description: Description, reference: OpReference | None) -> tuple[str, ...]:
    """Give the arguments that inputs without names are for: the reference's, or else the candidate's own."""
    if reference is not None:
        return tuple(reference.op.arguments)
    own = description.arguments
    if len(own) > 2:
        return own
    if description.kind in ("loss", "model") or len(own) < 2:
        return ("input", "target")
    return ("input", "other" if own[1] == "input" else own[1])


def read_inputs(inputs: object, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Read arrays by the names of arguments, or in their order; one array alone is the first.

    Raises
    ------
    ValueError
        If it is something else, there are more than arguments, or one is empty or holds no numbers.
    """
    if isinstance(inputs, Mapping):
        return {str(name): _array(str(name), value) for name, value in inputs.items()}
    if hasattr(inputs, "shape"):
        inputs = [inputs]
    if not isinstance(inputs, Sequence) or isinstance(inputs, str | bytes):
        raise ValueError(  # noqa: TRY004 - every argument of `check` that is not understood is one
            f"expected a list of arrays, or arrays by the names of arguments ({', '.join(names)}), "
            f"got inputs={inputs!r}"
        )
    if len(inputs) > len(names):
        raise ValueError(f"expected at most {len(names)} inputs ({', '.join(names)}), got {len(inputs)}")
    return {name: _array(name, value) for name, value in zip(names, inputs, strict=False)}


def _array(name: str, value: Any) -> NDArray[Any]:
    """Make an array of an input; a tensor may be on a GPU, and of a precision that NumPy does not have."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = value.float() if str(value.dtype) == "torch.bfloat16" else value
    try:
        array = np.asarray(value)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"expected an array of numbers for the argument {name}: {error}") from None
    if array.dtype.kind not in _NUMBERS:
        raise ValueError(f"expected an array of numbers for the argument {name}, got {value!r}")
    if not array.size:
        raise ValueError(
            f"expected elements in the array for the argument {name}, got the shape {array.shape}"
        )
    return array
