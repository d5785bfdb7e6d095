"""What can be measured of a difference that no known mistake explains.

The order of its elements; a function of x that the ratio, the difference or the derivative itself
follows; the region of x in which it goes wrong, with its threshold by bisection; and the smallest input
that shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Case
from backproof.checking.judge.examination import Examination
from backproof.checking.judge.own import NoOutput
from backproof.checking.judge.smallest import SIMPLE, shrunk
from backproof.checking.mistakes.mistake import Observation
from backproof.checking.mistakes.quantities import equals
from backproof.checking.oracles import elementwise
from backproof.ops import Op

__all__ = ["Difference", "described"]

#: How many times the gap in which a threshold lies is made smaller; each time by the size of a case.
_ROUNDS = 6
#: A gap this small, as a share of its end, is as good as closed.
_CLOSED = 1e-6
#: A threshold this near a simple number is that number.
_ALMOST = 2e-5
#: A value is right when it is off by less than this, as a share of the largest.
_OFF = 1e-6


@dataclass(frozen=True)
class Difference:
    """A difference between what came and what is expected, and how to see it on another case.

    ``expected`` and ``got`` evaluate a case; ``got`` gives ``None`` where nothing comes.
    """

    exam: Examination
    op: Op
    seen: Sequence[Observation]
    expected: Callable[[Case], NDArray[Any]]
    got: Callable[[Case], NDArray[Any] | None]
    is_gradient: bool


def described(difference: Difference) -> tuple[str, dict[str, Any]]:
    """Give what was measured, as sentences and as evidence; nothing where nothing was found."""
    sentences: list[str] = []
    evidence: dict[str, Any] = {}
    seen = [o for o in difference.seen if o.got.shape == o.expected.shape]
    if not seen:
        return "", {}
    for measure in (_zeros, _order, _follows, _region):
        found = measure(difference, seen)
        if found is not None:
            sentences.append(found[0])
            evidence |= found[1]
            if measure is _zeros:
                break  # zeros follow everything
    return "".join(f" {sentence}" for sentence in sentences), evidence | _smallest(difference, seen[0].case)


def _smallest(difference: Difference, case: Case) -> dict[str, Any]:
    """Give the smallest case that shows it, and what is expected of it."""

    def is_wrong(case: Case) -> bool:
        right = _right_at(difference, case)
        return right is not None and not right.all()

    domains = {name: argument.domain for name, argument in difference.op.arguments.items()}
    small = shrunk(case, is_wrong, domains)
    if small is None:
        return {}
    upstream = (
        {} if not difference.is_gradient or np.all(small.upstream == 1) else {"grad_output": small.upstream}
    )
    expected, got = difference.expected(small), difference.got(small)
    return {"smallest": {**small.inputs, **upstream, "expected": expected, "got": got}}


_Found = tuple[str, dict[str, Any]] | None


def _near(got: NDArray[Any], expected: NDArray[Any]) -> NDArray[np.bool_]:
    size = float(np.abs(expected).max(initial=0.0))
    return np.asarray(np.abs(got - expected) <= _OFF * (np.abs(expected) + 1e-3 * size) + 1e-12)


def _zeros(difference: Difference, seen: Sequence[Observation]) -> _Found:
    if any(np.any(o.got) for o in seen):
        return None
    return "It is 0 everywhere.", {"zero": True}


def _order(difference: Difference, seen: Sequence[Observation]) -> _Found:
    """Find the elements of the right result in another order."""
    if all(o.got.ndim > 1 and _near(o.got, _relaid(o.expected)).all() for o in seen):
        return "It is the right one, laid out along its axes in the reverse order.", {"order": "reverse axes"}
    for axis in range(max(o.got.ndim for o in seen)):
        if all(o.got.ndim > axis and _near(o.got, np.flip(o.expected, axis)).all() for o in seen):
            return f"It is the right one, turned around along axis {axis}.", {"order": f"flipped axis {axis}"}
    if all(_near(np.sort(o.got.ravel()), np.sort(o.expected.ravel())).all() and o.got.size > 1 for o in seen):
        return "Its elements are the right ones in another order.", {"order": "permuted"}
    return None


def _relaid(array: NDArray[Any]) -> NDArray[Any]:
    return array.T.reshape(array.shape)


def _follows(difference: Difference, seen: Sequence[Observation]) -> _Found:
    """Find a function of x that the ratio, the difference or the derivative follows on every case."""
    what = "right one" if difference.is_gradient else "expected one"
    ways: list[tuple[str, str, Callable[[Observation], NDArray[Any]]]] = [
        ("ratio", f"It is the {what} times {{}}.", lambda o: o.got / o.expected)
    ]
    if difference.is_gradient and all(o.case.upstream.shape == o.got.shape for o in seen):
        ways += [
            ("excess", "It is the right one and besides the incoming gradient times {}.", _excess),
            ("derivative", "It is the incoming gradient times {}.", lambda o: o.got / o.case.upstream),
        ]
    elif not difference.is_gradient:
        ways.append(("excess", "It is the expected one and besides {}.", lambda o: o.got - o.expected))
    for name, sentence, value in ways:
        texts = {_named(difference, o, value) for o in seen}
        if len(texts) == 1 and texts != {""}:
            text = texts.pop()
            return sentence.format(text), {name: text}
    return None


def _excess(o: Observation) -> NDArray[Any]:
    return np.asarray((o.got - o.expected) / o.case.upstream)


def _named(difference: Difference, o: Observation, value: Callable[[Observation], NDArray[Any]]) -> str:
    with np.errstate(all="ignore"):
        array = value(o)
    known = np.isfinite(array)
    if not known.all() or array.size < 2:  # of one number every function can be made
        return ""
    return equals(array, difference.op, o.case, difference.exam.options)


def _elementwise(difference: Difference) -> bool:
    """Say whether a single element can be looked at for itself."""
    op, case = difference.op, difference.seen[0].case
    shapes = {value.shape for value in case.inputs.values()}
    plain = all(op.arguments[name].domain in SIMPLE for name in case.inputs)
    return plain and len(shapes) == 1 and (op.elementwise or difference.exam.own)


def _region(difference: Difference, seen: Sequence[Observation]) -> _Found:
    """Find the x from which on it is wrong, where it is right before."""
    if not _elementwise(difference) or len(seen[0].case.inputs) > 1:
        return None
    if difference.exam.own:
        difference = _of_all_at_once(difference)
        if not all(_is_the_same(difference, o) for o in seen):
            return None
    name = difference.op.first
    values = np.concatenate([o.case.inputs[name].ravel() for o in seen])
    wrong = ~np.concatenate([_near(o.got, o.expected).ravel() for o in seen])
    for side, of in (("above", values), ("below", -values), ("", np.abs(values))):
        if not wrong.any() or wrong.all() or of[~wrong].max() >= of[wrong].min():
            continue
        sign = -1.0 if side == "below" else 1.0
        start = _bisected(difference, sign, float(of[~wrong].max()), float(of[wrong].min()))
        shown = _simple(sign * start)
        if not side or (start > 0 and _is_wrong_on(difference, -sign, start)):
            shown = abs(shown)
            where = f"where |x| is above {shown:g}"
        else:
            where = f"for x {side} {shown:g}"
        return f"It is wrong only {where}.", {"region": where, "threshold": shown}
    return None


def _of_all_at_once(difference: Difference) -> Difference:
    """Expect what differences of its own forward give for all elements at once, if each stands alone."""
    exam, name = difference.exam, difference.op.first

    def expected(case: Case) -> NDArray[Any]:
        def function(value: NDArray[Any]) -> NDArray[Any]:
            output = exam.call(replace(case, inputs={**case.inputs, name: value}, grad_output=None)).output
            if output is None or output.shape != value.shape:
                raise NoOutput("nothing that has an element for each of the input")
            return output

        return case.upstream * elementwise(function, case.inputs[name], exam.dtype)

    return replace(difference, expected=expected)


def _is_the_same(difference: Difference, o: Observation) -> bool:
    """Say whether what is expected of an observation is what has been expected of it before."""
    try:
        return bool(np.all(_near(difference.expected(o.case), o.expected)))
    except NoOutput:
        return False


def _simple(threshold: float) -> float:
    """Take the simple number that a threshold stands for: beside a kink a difference has to grow to be seen.

    Examples
    --------
    >>> [_simple(x) for x in (-9.8366e-11, 6.000002, 1.00001e-6, 0.1234567)]
    [0.0, 6.0, 1e-06, 0.12346]
    """
    short, decimal = float(f"{threshold:.2g}"), round(threshold, 1) + 0.0
    if abs(short - threshold) <= _ALMOST * abs(threshold):
        return short
    return decimal if abs(decimal - threshold) <= _ALMOST else float(f"{threshold:.5g}")


def _is_wrong_on(difference: Difference, sign: float, start: float) -> bool:
    """Say whether it is right up to a threshold and wrong beyond it on the other side of 0, too."""
    case, name = difference.seen[0].case, difference.op.first
    value = case.inputs[name]
    shares = np.resize([0.98, 1.02, 1.3], value.shape)
    right = _right_at(difference, replace(case, inputs={**case.inputs, name: sign * start * shares}))
    return right is not None and bool(np.array_equal(right, shares < 1))


def _bisected(difference: Difference, sign: float, good: float, bad: float) -> float:
    """Make the gap between a right and a wrong value small: many points of it in each call."""
    case, name = difference.seen[0].case, difference.op.first
    shape = case.inputs[name].shape
    for _ in range(_ROUNDS):
        if bad - good <= _CLOSED * abs(bad):
            break
        points = np.linspace(good, bad, case.inputs[name].size + 2)
        inner = (sign * points[1:-1]).reshape(shape).astype(case.inputs[name].dtype)
        right = _right_at(difference, replace(case, inputs={**case.inputs, name: inner}))
        if right is None:
            break
        flags = np.concatenate([[True], right.ravel(), [False]])
        first = int(np.argmin(flags))
        good, bad = float(points[first - 1]), float(points[first])
    return bad


def _right_at(difference: Difference, case: Case) -> NDArray[np.bool_] | None:
    difference.exam.cases += 1
    try:
        got, expected = difference.got(case), difference.expected(case)
    except (NoOutput, ValueError, IndexError):  # neither its own forward nor the op need take such a case
        return None
    if got is None or got.shape != expected.shape or not np.all(np.isfinite(expected)):
        return None
    return _near(got, expected)
