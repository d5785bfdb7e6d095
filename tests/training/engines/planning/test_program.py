"""What is noted is done again for other numbers, and nothing else."""

from __future__ import annotations

import functools
import operator
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from backproof.ops import backend
from backproof.training.engines.planning.namespace import Recording
from backproof.training.engines.planning.program import program
from backproof.training.engines.planning.recorded import NotPlanned
from backproof.training.engines.planning.recorder import Diverged, Recorder

Array = NDArray[Any]
Computed = Callable[[Any, Any], Any]


def given(seed: int) -> Array:
    return np.random.default_rng(seed).standard_normal((3, 4)).astype(np.float32)


def run(calls: list[Callable[[], object]]) -> None:
    for call in calls:
        call()


#: What rules may do, each with how many calls it is.
COMPUTED: dict[str, tuple[Computed, int]] = {
    "a number": (lambda xp, x: 2 * x + 1, 2),
    "a broadcast row": (lambda xp, x: x + np.arange(4, dtype=np.float32), 1),
    "a matrix product": (lambda xp, x: x @ x.T, 1),
    "a view of a view": (lambda xp, x: xp.exp(xp.expand_dims(x.T[1:, ::2], axis=0)), 1),
    "a sum": (lambda xp, x: xp.sum(x, axis=1, keepdims=True), 1),
    "a mean of all": (lambda xp, x: xp.mean(x), 2),
    "a mean along an axis": (lambda xp, x: xp.mean(x, axis=0), 1),
    "maxima": (lambda xp, x: xp.max(x, axis=0) + xp.maximum(x, 0), 3),
    "a choice of zero": (lambda xp, x: xp.where(x > 0, x, 0), 2),
    "a choice of two": (lambda xp, x: xp.where(x > 0, x, 2 * x), 3),
    "powers": (lambda xp, x: x**2 + xp.abs(x) ** 0.5 + 2.0**x, 6),
    "the same twice": (lambda xp, x: xp.exp(x) + xp.exp(x), 2),
    "what is not needed": (lambda xp, x: (xp.exp(x), x + 1)[1], 1),
    "constants": (lambda xp, x: x * xp.sum(xp.ones_like(x) + 1), 1),
    "joined": (lambda xp, x: xp.concatenate([x, x + 1], axis=0), 2),
    "cast": (lambda xp, x: xp.astype(x, np.float64), 1),
    "padded": (lambda xp, x: backend.pad(xp, x, [(1, 2)], 9.0), 1),
    "windows": (lambda xp, x: xp.sum(backend.sliding_windows(xp, x, 1, 2, 1, 1), axis=-1), 1),
    "put": (lambda xp, x: backend.put(xp, x, (slice(None), slice(0, 8, 2)), (3, 8)), 2),
    "scattered": (lambda xp, x: backend.scatter_add(xp, x, np.array([1, 0, 1]), 2), 2),
    "taken": (lambda xp, x: xp.take(x, np.array([2, 0, -1]), axis=0), 1),
    "taken by places": (lambda xp, x: x.reshape(-1)[np.array([2, -1])], 1),
    "taken along an axis": (lambda xp, x: xp.take_along_axis(x, np.array([[1], [0], [3]]), axis=1), 1),
    "erfc": (backend.erfc, 1),
    "unpacked": (lambda xp, x: functools.reduce(operator.mul, x), 2),
    "split": (lambda xp, x: xp.multiply(*xp.split(x, 2, axis=1)), 1),
}


@pytest.mark.parametrize(("compute", "calls"), COMPUTED.values(), ids=COMPUTED)
def test_it_is_done_again(compute: Computed, calls: int) -> None:
    """Each with numbers that it was not noted with."""
    x, recorder = given(0), Recorder()
    result = compute(Recording(recorder), recorder.watch(x))
    made = program(recorder.instructions, [x], [result.array])
    assert len(made) == calls
    for seed in (1, 0):
        x[...] = given(seed)
        run(made)
        expected = np.asarray(compute(np, given(seed)))
        assert result.array.dtype == expected.dtype
        assert np.array_equal(result.array, expected)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("swapped", [False, True])
def test_a_choice_of_many(dtype: Any, swapped: bool) -> None:
    """Whose bits are multiplied: infinity and NaN are chosen or left like any number."""
    x = np.random.default_rng(0).standard_normal((80, 90)).astype(dtype)
    x[0, :3] = np.inf, -np.inf, np.nan
    recorder = Recorder()
    watched = recorder.watch(x)
    result: Any = np.where(watched <= 0, 0, watched) if swapped else np.where(watched > 0, watched, 0)
    made = program(recorder.instructions, [x], [result.array])
    x[...] = np.roll(x, 1)
    run(made)
    assert np.array_equal(result.array, np.where(x <= 0, 0, x) if swapped else np.where(x > 0, x, 0), True)


def test_a_decision_must_be_the_same() -> None:
    x, recorder = np.array([1.0, 2.0]), Recorder()
    watched = recorder.watch(x)
    result = watched * 2 if (watched > 0).all() else watched
    made = program(recorder.instructions, [x], [result.array])
    x[1] = 3
    run(made)
    assert result.array.tolist() == [2.0, 6.0]
    x[1] = -3
    with pytest.raises(Diverged):
        run(made)


#: What cannot be noted must not pass for a constant.
REFUSED: dict[str, Callable[[Any], Any]] = {
    "a number of Python's": float,
    "an index": lambda x: [1, 2][x[0]],
    "an array": np.asarray,
    "an array of it": lambda x: np.array([x, x]),
    "an unknown method": lambda x: x.tolist(),
    "another result": lambda x: np.allclose(x, x),
    "two results": lambda x: np.divmod(x, 2.0),
    "an unknown way": np.add.accumulate,
    "into a constant": lambda x: np.zeros(2).__setitem__(0, x[0]),
    "onto a constant": lambda x: np.add(x, 1, out=np.zeros(2)),
    "added onto a constant": lambda x: np.add.at(np.zeros(2), [0, 1], x),
    "of objects": lambda x: x + object(),
}


@pytest.mark.parametrize("compute", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_noted_is_refused(compute: Callable[[Any], Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        compute(Recorder().watch(np.array([1.0, 2.0])))


def test_a_change_in_place() -> None:
    """What was computed before an array is written to is not taken for what is computed after."""
    x, recorder = np.array([1.0, 2.0]), Recorder()
    xp, watched = Recording(recorder), recorder.watch(x)
    array = xp.zeros(2)
    before = array + watched
    array[0] = watched[1]
    array += 1
    after = array + watched
    made = program(recorder.instructions, [x], [before.array, after.array])
    x[...] = 5.0, 7.0
    run(made)
    assert before.array.tolist() == [5.0, 7.0]
    assert after.array.tolist() == [13.0, 8.0]


def test_a_result_goes_where_it_is_wanted() -> None:
    """No copy is made of a result that nobody else reads."""
    x, goes, recorder = np.array([1.0, 2.0]), np.zeros((2, 2)), Recorder()
    result = recorder.watch(x) * 3
    for row in goes:
        recorder.copy(result, row)
    assert len(program(recorder.instructions, [x], [goes])) == 3
    recorder, alone = Recorder(), np.zeros(2)
    recorder.copy(recorder.watch(x) * 3, alone)
    made = program(recorder.instructions, [x], [alone])
    x[0] = 4.0
    run(made)
    assert len(made) == 1
    assert alone.tolist() == [12.0, 6.0]


def test_a_number_that_the_dtype_does_not_have() -> None:
    x, recorder = np.array([3, 255], np.uint8), Recorder()
    result: Any = recorder.watch(x) < 300
    run(program(recorder.instructions, [x], [result.array]))
    assert result.array.tolist() == [True, True]


def test_nothing_warns() -> None:
    """NumPy's maximum warns of a result that is given by its place."""
    x, recorder = np.array([1.0, 2.0]), Recorder()
    result: Any = np.maximum(recorder.watch(x), 0) + np.minimum(recorder.watch(x), 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(program(recorder.instructions, [x], [result.array]))


def test_errors_are_of_a_kind_that_engines_know() -> None:
    assert issubclass(NotPlanned, TypeError)
