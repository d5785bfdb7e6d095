from __future__ import annotations

import dataclasses
import json
import math
import os
import pickle
import socket
import struct
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from enum import Enum, IntEnum, StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from backproof.checking.candidate import (
    Answer,
    Case,
    Course,
    Description,
    Raised,
    Signature,
    Trajectory,
)
from backproof.checking.processes import wire
from backproof.checking.processes.wire import Channel, Hangup, WireError
from backproof.checking.reading.remarks import Remark
from backproof.checking.reading.source import Fault, Source, Unit


@pytest.fixture
def ends() -> Iterator[tuple[Channel, Channel]]:
    here, there = (Channel(end) for end in socket.socketpair())
    with here, there:
        yield here, there


def crossed(value: object) -> Any:
    """Send a value through a channel. A thread sends, for a large one does not fit the socket."""
    here, there = (Channel(end) for end in socket.socketpair())
    with here, there:
        sender = threading.Thread(target=here.send, args=(value, time.monotonic() + 10))
        sender.start()
        received = there.receive(time.monotonic() + 10)
        sender.join()
    return received


def same(a: Any, b: Any) -> bool:
    """Compare with types, dtypes, shapes and bits."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray | np.generic):
        return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if dataclasses.is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    return bool(a == b or (a != a and b != b))  # noqa: PLR0124 - NaN


VALUES: list[Any] = [
    *(None, True, False, 0, -1, 2**200, 0.1, -0.0, 5e-324, math.inf, -math.inf, math.nan),
    *("", "ünï\u2028\0 \ud800 🎲", [], (), {}),
    {"a": [1, (2.5, None, ["x"])], "": {"b": ({},)}},
    {1: "a", (2, "b"): [3], None: ()},
    {"$": "array", "of": 0},
    {"value": 1, "arrays": [["<f8", [2]]]},
    *(np.float64(0.1), np.float32(0.1), np.int8(-3), np.bool_(True), np.uint64(2**64 - 1), np.float16("nan")),
    *(np.array(3.5), np.zeros((0, 3)), np.zeros((3, 0, 2), np.int16), np.array([True, False])),
    np.arange(12, dtype=np.int32).reshape(3, 4),
    np.array([math.nan, math.inf, -0.0, 5e-324]),
    np.array([0.1, 2], np.longdouble),
    np.array([1, 2], ">i4"),
    np.ones((300, 400)),
    [np.ones(5), {"x": (np.float32(2), np.zeros(()), np.ones((40_000,), np.float32))}, np.arange(3)],
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:40])
def test_values_cross_unchanged(value: object) -> None:
    assert same(crossed(value), value)


def test_records_cross_unchanged() -> None:
    x = np.ones((3, 5), np.float32)
    unit = Unit("a.py", None, 3, "x = 1", "/a.py", Fault("SyntaxError", "invalid syntax", 3, "x = ="))
    for record in (
        Case({"input": x, "target": np.arange(3)}, x * 2, "kink"),
        Case({}),
        Answer(
            x,
            {"backward": {"input": x, "weight": None}},
            ("input",),
            detached=True,
            loose=("bias",),
            raised=Raised("E", "m", "forward", 7),
        ),
        Answer(),
        Course((x, x[0]), ((x, None), (None, None)), (0.1, 0.2), {"lr": 0.1, "betas": (0.9, 0.99)}, "short"),
        Trajectory(((x,), (x,)), ("lr",), False, None, (0, 1), Raised("E", "m", "step")),
        Description(
            "A", "loss", "numpy-class", "a.ipynb", 3, {"forward": 2}, ("x",), ("reduction",), ("backward",)
        ),
        Signature("loss", {"input": (3, 5), "target": ()}, {"axis": -1, "p": None}, "MSELoss"),
        Source("a.py", "/a.py", (unit,), {"A": Remark("mse", ("reduction",))}, ("what?",)),
    ):
        assert same(crossed(record), record)


@given(
    hnp.arrays(
        st.one_of(
            hnp.boolean_dtypes(), hnp.integer_dtypes(), hnp.unsigned_integer_dtypes(), hnp.floating_dtypes()
        ),
        hnp.array_shapes(min_dims=0, min_side=0),
    )
)
def test_any_array_of_numbers_crosses(array: np.ndarray[Any, Any]) -> None:
    assert same(crossed(array), array)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text() | st.integers(), inner)
        ),
    )
)
def test_any_nesting_crosses(value: object) -> None:
    assert same(crossed(value), value)


def test_the_layout_in_memory_does_not_matter_and_what_arrives_can_be_written() -> None:
    base = np.arange(24.0).reshape(2, 3, 4)
    for array in (base.T, base[:, ::-2], base[0], np.asfortranarray(base), np.broadcast_to(1.5, (3, 4))):
        received = crossed([array, True])[0]
        np.testing.assert_array_equal(received, array)
        assert received.flags.c_contiguous
        received[...] = 7  # a candidate may write into its input: that is to be seen, not to raise


def test_close_relatives_arrive_as_what_they_are() -> None:
    class Whole(IntEnum):
        TWO = 2

    class Text(StrEnum):
        A = "a"

    value = [
        Whole.TWO,
        Text.A,
        OrderedDict(a=1),
        MappingProxyType({"b": 2}),
        np.array([1, 2]).view(np.recarray),
    ]
    received = crossed(value)
    assert same(received[:4], [2, "a", {"a": 1}, {"b": 2}])
    assert type(received[4]) is np.ndarray


class Unpicklable(Enum):
    A = object()


LOOP: list[Any] = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (object(), "got object"),
        ({"a": [{1, 2}]}, "got set"),
        (b"bytes", "got bytes"),
        (1j, "got complex"),
        (Unpicklable.A, "got Unpicklable"),
        (print, "got builtin_function_or_method"),
        (np.array([object()]), "expected an array of numbers or truth values, got dtype=object"),
        (np.array([1j]), "got dtype=complex128"),
        (np.array(["a"]), "got dtype=<U1"),
        (np.array(["2020"], "M8[Y]"), "got dtype=datetime64"),
        (np.zeros(2, [("a", float)]), r"got dtype=\[\('a', '<f8'\)\]"),
        (LOOP, "recursion"),
        (10**5000, "digits"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_cannot_cross_is_refused_and_the_channel_stays_usable(
    ends: tuple[Channel, Channel], value: object, message: str
) -> None:
    here, there = ends
    with pytest.raises(WireError, match=message):
        here.send(value)
    here.send("next")
    assert there.receive() == "next"


def frame(
    header: bytes, body: bytes = b"", *, magic: bytes = b"bpw1", lengths: tuple[int, int] | None = None
) -> bytes:
    return struct.pack("!4sIQ", magic, *(lengths or (len(header), len(body)))) + header + body


def document(value: object, *arrays: object) -> bytes:
    return json.dumps({"value": value, "arrays": arrays}).encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (frame(document(1), magic=b"GET "), "starts with b'bpw1', got b'GET '"),
        (b"Traceback (most recent call last):", "got b'Trac'"),
        (frame(b"", lengths=(2**32 - 1, 0)), "possible size"),
        (frame(b"", lengths=(0, 2**60)), "possible size"),
        (frame(b"{nonsense"), "JSONDecodeError"),
        (frame(b"\xff\xfe"), "UnicodeDecodeError"),
        (frame(b"[1, 2]"), "TypeError"),
        (frame(b"{}"), "KeyError"),
        (frame(document({"$": "Popen", "of": []})), "KeyError: 'Popen'"),
        (frame(document({"$": "Case", "of": [0] * 9})), "TypeError"),
        (frame(document({"$": "array", "of": 3})), "IndexError"),
        (frame(document({"$": "array"})), "KeyError"),
        (frame(document(1, ["O", [1]]), b"12345678"), "dtype=O"),
        (frame(document(1, ["f8", [-1]])), "shape"),
        (frame(document(1, ["f8", [2**40]])), "possible size"),
        (frame(document(1, ["f8", [1.5]])), "shape"),
        (frame(document(1, ["f8", [2]]), b"12345678"), "expected arrays of 8 bytes in all"),
        (frame(document(1), b"12345678"), "expected arrays of 8 bytes in all"),
        (frame(pickle.dumps(os.getcwd)), "cannot be read"),
    ],
)
def test_what_is_no_frame_is_told(ends: tuple[Channel, Channel], content: bytes, message: str) -> None:
    here, there = ends
    here.socket.sendall(content)
    with pytest.raises(WireError, match=message):
        there.receive(time.monotonic() + 5)


@pytest.mark.parametrize("count", [0, 3, 16, 20, 10_000])
def test_an_end_that_closes_is_told_wherever_it_was(ends: tuple[Channel, Channel], count: int) -> None:
    here, there = ends
    content = frame(document({"$": "array", "of": 0}, ["<f8", [20_000]]), b"\0" * 160_000)
    here.socket.sendall(content[:count])
    here.close()
    with pytest.raises(Hangup):
        there.receive()
    with pytest.raises(Hangup):
        there.send(np.ones(200_000))


def test_a_closed_channel_says_so(ends: tuple[Channel, Channel]) -> None:
    here, _ = ends
    here.close()
    with pytest.raises(Hangup, match="Bad file descriptor"):
        here.send(1)
    with pytest.raises(Hangup, match="Bad file descriptor"):
        here.receive()


def test_too_long_is_refused(ends: tuple[Channel, Channel], monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = ends
    monkeypatch.setattr(wire, "_MOST_BYTES", 100)
    monkeypatch.setattr(wire, "_MOST_JSON", 100)
    with pytest.raises(
        WireError, match=r"at most 100 bytes of text and 100 bytes of arrays, got \d+ and 104"
    ):
        here.send(np.ones(13))
    with pytest.raises(WireError, match="at most 100 bytes of text"):
        here.send("x" * 200)
    here.send(np.ones(12))
    assert there.receive().shape == (12,)


def test_waiting_ends_at_the_deadline(ends: tuple[Channel, Channel]) -> None:
    here, there = ends
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        there.receive(started + 0.05)
    here.socket.sendall(b"bpw1")  # a frame that begins, and does not go on
    with pytest.raises(TimeoutError):
        there.receive(started + 0.1)
    with pytest.raises(TimeoutError):
        here.send(np.ones(10**6), started + 0.15)  # nobody takes it
    with pytest.raises(TimeoutError):
        here.receive(started)  # it has passed already
    assert 0.1 < time.monotonic() - started < 5


def test_a_deadline_does_not_stay_for_the_next_call(ends: tuple[Channel, Channel]) -> None:
    here, there = ends
    with pytest.raises(TimeoutError):
        there.receive(time.monotonic() + 0.01)
    timer = threading.Timer(0.1, here.send, [1])
    timer.start()
    assert there.receive() == 1
    timer.join()


def test_what_a_user_puts_in_the_place_of_library_functions_does_not_matter(
    ends: tuple[Channel, Channel], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> object:
        raise AssertionError("not for this module")

    here, there = ends
    for module, name in ((json, "dumps"), (json, "loads"), (np, "asarray"), (np, "empty"), (np, "dtype")):
        monkeypatch.setattr(module, name, broken)
    here.send({"x": np.ones(3)})
    assert there.receive()["x"].tolist() == [1.0, 1.0, 1.0]
