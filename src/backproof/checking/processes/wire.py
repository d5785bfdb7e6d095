"""How values cross between processes: frames of JSON and raw arrays, never pickle.

A frame is a prefix (a magic word and two lengths), a JSON document, and the bytes of the arrays that
the document refers to, one after the other, in C order. What JSON has no word for is an object with
the key ``"$"``: arrays and NumPy's scalars, tuples, mappings whose keys are not all text, and the
dataclasses of `backproof.checking.candidate` and the units of a source.
"""

from __future__ import annotations

import dataclasses
import json
import math
import socket
import struct
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import (
    Answer,
    Case,
    Course,
    Description,
    Raised,
    Signature,
    Slip,
    Trajectory,
)
from backproof.checking.reading.remarks import Remark
from backproof.checking.reading.source import Fault, Source, Unit

__all__ = ["Channel", "Hangup", "WireError"]

_PREFIX = struct.Struct("!4sIQ")
_MAGIC = b"bpw1"
_MOST_JSON = 1 << 28
_MOST_BYTES = 1 << 32
#: Seconds; the system takes no longer time limit than some centuries.
_LONGEST = 1e6
#: Frames up to this size are sent in one piece.
_SMALL = 1 << 16
#: bool, signed, unsigned, floating.
_KINDS = "biuf"
_PLAIN = frozenset({type(None), bool, int, float, str})
_RECORDS: dict[str, type[Any]] = {
    record.__name__: record
    for record in (
        *(Answer, Case, Course, Description, Raised, Signature, Slip, Trajectory),
        *(Fault, Remark, Source, Unit),
    )
}
_FIELDS = {record: tuple(f.name for f in dataclasses.fields(record)) for record in _RECORDS.values()}

# Bound here, for good: a user's code may put something else in the place of ``json.dumps``,
# ``numpy.empty`` or ``time.monotonic``, and it runs in the same process as this module.
_dump = json.JSONEncoder(separators=(",", ":")).encode
_load = json.JSONDecoder().decode
_empty, _asarray, _dtype = np.empty, np.asarray, np.dtype
_ndarray, _generic, _byte = np.ndarray, np.generic, np.uint8
_now = time.monotonic


class WireError(ValueError):
    """A value cannot cross, or what came is no frame; the message says what it was."""


class Hangup(EOFError):
    """The process at the other end is gone, or has closed the connection."""


class Channel:
    """A connected socket that carries whole values.

    ``deadline``, where given, is a time of `time.monotonic`; a `TimeoutError` says that it has passed.
    After a `WireError` of `receive`, or a time-out in the middle of a frame, the channel is of no more
    use.

    Examples
    --------
    >>> import socket
    >>> here, there = (Channel(end) for end in socket.socketpair())
    >>> here.send({"input": np.arange(3), "shape": (3,)})
    >>> there.receive()
    {'input': array([0, 1, 2]), 'shape': (3,)}
    >>> here.close(); there.close()
    """

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected

    def __enter__(self) -> Channel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket; the other end sees a `Hangup`."""
        self.socket.close()

    def send(self, value: object, deadline: float | None = None) -> None:
        """Send a value built from dicts, lists, tuples, text, numbers, ``None``, arrays and records.

        Raises
        ------
        WireError
            If a part of the value is of another type, or the whole is too long. Nothing was sent.
        Hangup, TimeoutError
            See the class.
        """
        arrays: list[NDArray[Any]] = []
        try:
            packed = _pack(value, arrays)
            document = _dump({"value": packed, "arrays": [[a.dtype.str, a.shape] for a in arrays]})
        except (RecursionError, ValueError) as error:
            raise WireError(str(error)) from None
        header, size = document.encode("ascii"), sum(array.nbytes for array in arrays)
        if len(header) > _MOST_JSON or size > _MOST_BYTES:
            raise WireError(
                f"expected at most {_MOST_JSON} bytes of text and {_MOST_BYTES} bytes of arrays, got "
                f"{len(header)} and {size}"
            )
        bodies = [_bytes(array) for array in arrays if array.nbytes]
        parts: list[bytes | memoryview] = [_PREFIX.pack(_MAGIC, len(header), size), header, *bodies]
        if len(header) + size <= _SMALL:
            parts = [b"".join(parts)]
        try:
            for part in parts:
                self._limit(deadline)
                self.socket.sendall(part)
        except TimeoutError:
            raise
        except OSError as error:
            raise Hangup(f"the other end cannot be reached: {error}") from None

    def receive(self, deadline: float | None = None) -> Any:
        """Wait for the next value.

        Raises
        ------
        Hangup
            If the other end closed before a whole value came.
        WireError
            If what came is no frame.
        TimeoutError
            See the class.
        """
        magic, length, size = _PREFIX.unpack(self._read(_PREFIX.size, deadline))
        if magic != _MAGIC:
            raise WireError(f"expected a frame that starts with {_MAGIC!r}, got {magic!r}")
        if length > _MOST_JSON or size > _MOST_BYTES:
            raise WireError(f"expected a frame of a possible size, got one of {length} and {size} bytes")
        small = length + size <= _SMALL
        content = memoryview(self._read(length + size if small else length, deadline))
        try:
            document = _load(str(content[:length], "ascii"))
            packed, arrays = document["value"], [_blank(*spec) for spec in document["arrays"]]
        except (ValueError, KeyError, TypeError, MemoryError) as error:
            raise WireError(f"a frame cannot be read: {type(error).__name__}: {error}") from None
        if sum(array.nbytes for array in arrays) != size:
            raise WireError(f"expected arrays of {size} bytes in all, got {[a.shape for a in arrays]}")
        rest = content[length:]
        for array in arrays:
            if small:
                _bytes(array)[:], rest = rest[: array.nbytes], rest[array.nbytes :]
            else:
                self._fill(_bytes(array), deadline)
        try:
            return _unpack(packed, arrays)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise WireError(f"a frame cannot be read: {type(error).__name__}: {error}") from None

    def _read(self, count: int, deadline: float | None) -> bytearray:
        buffer = bytearray(count)
        self._fill(memoryview(buffer), deadline)
        return buffer

    def _fill(self, view: memoryview, deadline: float | None) -> None:
        while view:
            self._limit(deadline)
            try:
                count = self.socket.recv_into(view)
            except TimeoutError:
                raise
            except OSError as error:
                raise Hangup(f"the other end cannot be reached: {error}") from None
            if not count:
                raise Hangup("the other end closed the connection")
            view = view[count:]

    def _limit(self, deadline: float | None) -> None:
        if deadline is None:
            if self.socket.gettimeout() is not None:
                self.socket.settimeout(None)
            return
        remaining = deadline - _now()
        if remaining <= 0:
            raise TimeoutError
        self.socket.settimeout(min(remaining, _LONGEST))


def _bytes(array: NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(_byte).data


def _pack(value: Any, arrays: list[NDArray[Any]]) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, _ndarray | _generic):
        return _pack_array(value, arrays)
    if isinstance(value, Mapping):
        return _pack_mapping(value, arrays)
    if isinstance(value, list):
        return [_pack(part, arrays) for part in value]
    if isinstance(value, tuple) or kind in _FIELDS:
        tag = "tuple" if isinstance(value, tuple) else kind.__name__
        parts = value if isinstance(value, tuple) else (getattr(value, name) for name in _FIELDS[kind])
        return {"$": tag, "of": [_pack(part, arrays) for part in parts]}
    return _base(value)


def _base(value: Any) -> Any:
    """Take a member of an enumeration, say, for the number or text that it is."""
    if value is ...:  # an index that takes everything
        return {"$": "ellipsis", "of": []}
    for plain in (int, float, str):
        if isinstance(value, plain):
            return plain(value)
    raise WireError(
        f"expected arrays, numbers, text and what is built from them, got {type(value).__qualname__}"
    )


def _pack_mapping(value: Mapping[Any, Any], arrays: list[NDArray[Any]]) -> dict[str, Any]:
    if "$" not in value and all(type(key) is str for key in value):
        return {key: _pack(part, arrays) for key, part in value.items()}
    return {"$": "dict", "of": [[_pack(k, arrays), _pack(v, arrays)] for k, v in value.items()]}


def _pack_array(value: Any, arrays: list[NDArray[Any]]) -> dict[str, Any]:
    if value.dtype.kind not in _KINDS:
        raise WireError(f"expected an array of numbers or truth values, got dtype={value.dtype}")
    arrays.append(_asarray(value, order="C"))
    return {"$": "array" if isinstance(value, _ndarray) else "scalar", "of": len(arrays) - 1}


def _blank(name: str, shape: list[int]) -> NDArray[Any]:
    """Make room for an array that is to come."""
    dtype = _dtype(str(name))
    if dtype.kind not in _KINDS or not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError(f"expected numbers in a possible shape, got dtype={name}, shape={shape}")
    if math.prod(shape) * dtype.itemsize > _MOST_BYTES:
        raise ValueError(f"expected an array of a possible size, got shape={shape}")
    return _empty(tuple(shape), dtype)


def _unpack(packed: Any, arrays: list[NDArray[Any]]) -> Any:
    if isinstance(packed, list):
        return [_unpack(part, arrays) for part in packed]
    if not isinstance(packed, dict):
        return packed
    if "$" in packed:
        return _revive(packed["$"], packed["of"], arrays)
    return {key: _unpack(part, arrays) for key, part in packed.items()}


def _revive(kind: str, content: Any, arrays: list[NDArray[Any]]) -> Any:
    if kind == "array":
        return arrays[content]
    if kind == "scalar":
        return arrays[content][()]
    parts = [_unpack(part, arrays) for part in content]
    if kind == "tuple":
        return tuple(parts)
    if kind == "ellipsis":
        return ...
    return dict(parts) if kind == "dict" else _RECORDS[kind](*parts)
