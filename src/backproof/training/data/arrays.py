"""What people have for an array: frames, series, tensors, lists; and what is wrong in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof._names import said
from backproof.training.data.reading import row_bytes

__all__ = [
    "array_of",
    "first_wrong",
    "is_frame",
    "names_of",
    "require_finite",
    "require_held",
    "way_to_array",
    "where",
]

#: Numbers that can be computed with.
_NUMBERS = "biuf"
#: So many bytes are looked at, at a time.
_LOOK = 2**22


def is_frame(given: Any) -> bool:
    """Say whether something is a table or a column of pandas, polars or a library like them."""
    return hasattr(given, "to_numpy") and (hasattr(given, "columns") or hasattr(given, "name"))


def names_of(given: Any) -> list[str]:
    """Give the names of the columns, where there are any."""
    return [str(name) for name in given.columns] if is_frame(given) and hasattr(given, "columns") else []


def array_of(given: Any, name: str) -> NDArray[Any]:
    """Give an array of numbers: itself, that of a tensor, a frame or a series, or of lists of numbers.

    It is copied only where that cannot be avoided. An array that is mapped to a file stays there.

    Raises
    ------
    TypeError
        If it does not hold real numbers.
    ValueError
        If it has no rows, or rows of several lengths.

    Examples
    --------
    >>> array_of([[1, 2], [3, 4]], "X").shape
    (2, 2)
    """
    array = _array(given, name)
    if array.dtype.kind not in _NUMBERS and not array.ndim:
        raise TypeError(
            f"expected {name} to be an array, a frame, a tensor or a list of rows; got {name}={said(given)}"
            f"{way_to_array(given, name)}"
        )
    if array.dtype.kind not in _NUMBERS:
        raise TypeError(f"expected {name} to hold real numbers; got dtype={array.dtype}{_advice(array)}")
    if not array.ndim:
        raise ValueError(f"expected {name} to have a row for each sample; got one number, {array}")
    if not array.size:
        raise ValueError(f"expected at least one sample with numbers; got {name} of shape {array.shape}")
    return array


def _array(given: Any, name: str) -> NDArray[Any]:
    if isinstance(given, np.ma.MaskedArray) and np.ma.is_masked(given):
        raise ValueError(
            f"expected {name} without masked values; got some: fill them, with {name}.filled(...), or "
            "leave those rows out"
        )
    if isinstance(given, np.ndarray):
        return np.asarray(given)
    if hasattr(given, "detach"):
        return _of_tensor(given, name)
    if is_frame(given):
        return _of_frame(given, name)
    if hasattr(given, "toarray"):
        raise TypeError(
            f"expected {name} with all its zeros; got {type(given).__name__}: pass {name}.toarray()"
        )
    try:
        return np.asarray(given)
    except ValueError as error:
        raise ValueError(f"expected rows of one length in {name}; got lists that differ: {error}") from error


def _of_tensor(tensor: Any, name: str) -> NDArray[Any]:
    try:
        array: NDArray[Any] = tensor.detach().cpu().numpy()
    except (TypeError, RuntimeError) as error:
        raise TypeError(
            f"expected {name} of a dtype and layout that NumPy has; got a tensor of {tensor.dtype} "
            f"({tensor.layout}): convert it first, such as with {name}.float() or {name}.to_dense()"
        ) from error
    return array


def _of_frame(frame: Any, name: str) -> NDArray[Any]:
    """Give a frame's numbers. What is missing is NaN."""
    array: NDArray[Any] = np.asarray(frame.to_numpy())
    if array.dtype.kind in _NUMBERS:
        return array
    columns = [_of_column(column, label) for label, column in _columns(frame, name)]
    return np.stack(columns, axis=1) if hasattr(frame, "columns") else columns[0]


def _columns(frame: Any, name: str) -> Iterator[tuple[str, Any]]:
    if not hasattr(frame, "columns"):
        yield f"column {frame.name!r} of {name}" if frame.name else name, frame
        return
    pairs = (
        frame.items() if hasattr(frame, "items") else zip(frame.columns, frame.iter_columns(), strict=True)
    )
    for label, column in pairs:
        yield f"column {label!r} of {name}", column


def _of_column(column: Any, said: str) -> NDArray[Any]:
    array: NDArray[Any] = np.asarray(column.to_numpy())
    if array.dtype.kind in _NUMBERS:
        return array
    if getattr(column.dtype, "kind", "O") in _NUMBERS:  # of pandas, which marks what is missing
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if str(column.dtype) == "Boolean":  # of polars, and some are missing
        return np.asarray(column.cast(float).to_numpy())
    raise TypeError(
        f"expected numbers; got {said} of dtype={column.dtype}: make numbers of it, such as one column of 0 "
        "and 1 for each of its values, or leave it out"
    )


def way_to_array(given: Any, name: str) -> str:
    """Say what makes an array of something, after a colon, if that is known."""
    if type(given).__name__ == "LazyFrame":
        return f": pass {name}.collect()"
    return f": pass np.column_stack([*{name}.values()])" if isinstance(given, Mapping) else ""


def _advice(array: NDArray[Any]) -> str:
    """Say what to do about entries that are no real numbers, with the first of them."""
    if array.dtype.kind == "c":
        return ""
    for each in array.flat if array.dtype.kind in "OUSTV" else ():
        odd = each.item() if isinstance(each, np.generic) else each
        if not isinstance(odd, Number):
            return (
                f", such as {said(odd)}: make numbers of it; classes as words become numbers with "
                "np.unique(words, return_inverse=True)"
            )
    return ": convert it to numbers first"


def where(index: Sequence[int], columns: Sequence[str]) -> str:
    """Say where in an array something is, in words."""
    row, *rest = (int(place) for place in index)
    if not rest:
        return f"row {row}"
    if len(rest) == 1:
        return f"row {row}, column {columns[rest[0]]!r}" if columns else f"row {row}, column {rest[0]}"
    return f"row {row}, at {tuple(rest)}"


def first_wrong(array: NDArray[Any], is_right: Any) -> tuple[int, ...] | None:
    """Give the place of the first value that is not right; the array is looked at a piece at a time.

    Examples
    --------
    >>> first_wrong(np.array([[1.0, 2.0], [3.0, np.nan]]), np.isfinite)
    (1, 1)
    """
    rows = max(1, _LOOK // row_bytes(array))
    for start in range(0, len(array), rows):
        right = is_right(array[start : start + rows])
        if not right.all():
            first = np.unravel_index(int(np.argmin(right)), right.shape)
            return start + int(first[0]), *map(int, first[1:])
    return None


def require_finite(array: NDArray[Any], name: str, columns: Sequence[str]) -> None:
    """Refuse NaN and infinity.

    Raises
    ------
    ValueError
        If there is one; it says where the first one is.
    """
    found = first_wrong(array, np.isfinite) if array.dtype.kind == "f" else None
    if found is not None:
        what = "NaN, which stands for a missing value," if np.isnan(array[found]) else f"{array[found]}"
        raise ValueError(
            f"expected finite numbers; got {what} in {name} ({where(found, columns)}): leave such rows out, "
            "or put something in their place, such as the mean of the column"
        )


def require_held(given: NDArray[Any], array: NDArray[Any], name: str, columns: Sequence[str]) -> None:
    """Refuse finite numbers that have become infinite in the dtype of the model.

    Raises
    ------
    ValueError
        If there is one; it says where the first one is.
    """
    if array.dtype.kind != "f" or given.dtype.kind == "b" or array.dtype.itemsize >= given.dtype.itemsize:
        return
    found = first_wrong(array.reshape(given.shape), np.isfinite)
    if found is not None:
        raise ValueError(
            f"expected numbers that {array.dtype}, the dtype of the model, holds; got {given[found]:g} in "
            f"{name} ({where(found, columns)}): scale {name}, or make the model with dtype=np.float64"
        )
