"""The edges: kinks, and the ends of the range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Answer, Case
from backproof.checking.cases import extreme_case, extreme_cases, kink_case, upstream
from backproof.checking.judge.edges.clamps import say_clamps
from backproof.checking.judge.examination import Examination, instead
from backproof.checking.judge.forward import forward_agrees
from backproof.checking.mistakes.forwards import fitted_epsilons, takes_epsilon
from backproof.checking.mistakes.mistake import Planted
from backproof.checking.mistakes.search import gradient_of, output_of
from backproof.diagnoses import Severity
from backproof.ops import Op

__all__ = ["examine_extremes", "examine_kinks"]

#: How far from a kink its one-sided derivatives are taken.
_BESIDE = 1e-6
#: Halvings that find where a failure begins: enough for six digits.
_HALVINGS = 26
#: A value at the edges is wrong when it is off by this much of itself, a gradient when it has less
#: than this much left.
_OFF, _LEFT = 1e-2, 1e-2
#: A gradient that fails this much before its output does has a cause of its own.
_BEFORE = 0.99
#: A gradient below this much of the largest is not missed.
_FELT = 1e-3
#: An epsilon that changes nothing in the ordinary range is no larger than what is ordinary there.
_LARGEST_CLAMP = 0.05
#: A difference that is never wrong, even of a value that should be 0.
_TINY = 1e-6


def examine_kinks(exam: Examination) -> None:
    """Hold the gradient at each kink against the one-sided derivatives beside it."""
    for argument, places in exam.op.kinks.items():
        for place in places:
            case, at_kink = kink_case(exam.op, argument, place, exam.trials[0].case, exam.options)
            answer = exam.call(case)
            exam.cases += 1
            for source, gradients in answer.gradients.items():
                got = gradients.get(argument)
                if got is not None and got.shape == at_kink.shape and not _wrong_already(exam, source):
                    _judge_kink(exam, argument, place, case, at_kink, source, got)


def _wrong_already(exam: Examination, source: str) -> bool:
    """Say whether a source's gradient is wrong in the ordinary range: its kinks then mean nothing."""
    errors = (f for f in exam.findings if f.severity is Severity.ERROR)
    return any(f.evidence.get("source", source) == source for f in errors)


def _judge_kink(
    exam: Examination,
    argument: str,
    place: float | str,
    case: Case,
    at_kink: NDArray[np.bool_],
    source: str,
    got: NDArray[Any],
) -> None:
    def beside(shift: float) -> NDArray[Any]:
        moved = {**case.inputs, argument: case.inputs[argument] + shift * at_kink}
        return gradient_of(exam.op, Case(moved, case.grad_output), argument, exam.options)

    chosen = gradient_of(exam.op, case, argument, exam.options)
    slack = 1e-6 * (1 + np.abs(chosen))
    one_side, other = beside(-_BESIDE), beside(_BESIDE)
    low, high = np.minimum(one_side, other) - slack, np.maximum(one_side, other) + slack
    unlike = at_kink & ~(np.abs(got - chosen) <= slack)
    if not unlike.any():
        return
    outside = unlike & ~((low <= got) & (got <= high))
    index = tuple(int(i) for i in np.argwhere(outside if outside.any() else unlike)[0])
    where = f"{argument} = {place}"
    upstream_there = _upstream_at(exam, case, index)
    # Adding 0 makes −0 a 0.
    value, torch_value = got[index] / upstream_there + 0.0, chosen[index] / upstream_there + 0.0
    evidence = {"argument": argument, "source": source, "input": case.inputs[argument][index], "index": index}
    if outside.any():
        ends = sorted((one_side[index] / upstream_there + 0.0, other[index] / upstream_there + 0.0))
        exam.add(
            "gradient-at-kink",
            f"At {where} the gradient is {value:.6g}; it must lie between {ends[0]:.6g} and {ends[1]:.6g}.",
            exam.part_of(source),
            # What autograd makes of pieces that are right each, nobody has written.
            Severity.WARNING if exam.by_autograd(source) else Severity.ERROR,
            **evidence,
            got=value,
            between=ends,
        )
        return
    exam.add(
        "gradient-at-kink",
        f"At {where}, where there is no derivative, it takes {value:.6g}; PyTorch takes {torch_value:.6g}. "
        "Both are subgradients.",
        exam.part_of(source),
        Severity.NOTE,
        **evidence,
        got=value,
        expected=torch_value,
    )


def _upstream_at(exam: Examination, case: Case, index: tuple[int, ...]) -> float:
    """Give the upstream gradient of one element, of which a reduction has passed on its share."""
    grad_output = case.upstream
    if exam.op.reduction is not None:
        inputs = exam.op.roles(case.inputs)
        values = exam.op.evaluate(np, inputs, **exam.options).values
        how = str(exam.options.get("reduction", exam.op.options["reduction"]))
        grad_output = exam.op.reduction.gradient(np, grad_output, values, how)
    return float(np.asarray(grad_output)[index])


@dataclass
class _Edge:
    """What went wrong first, for one dtype."""

    dtype: str
    broken: dict[str, tuple[float, tuple[int, ...] | None]] = field(default_factory=dict)
    limit: float | None = None
    vanished: dict[str, float] = field(default_factory=dict)
    off: tuple[float, float, float] | None = None


def examine_extremes(exam: Examination, op: Op) -> None:
    """Go to the ends of the range of each dtype; ``op`` is the one that explains the ordinary range."""
    # A forward that is another function is held against that function, an epsilon apart.
    exam.op = exam.plain or op
    dtypes = ("float32",) if exam.dtype == "float32" else ("float32", "float64")
    edges = [_walk(exam, dtype) for dtype in dtypes]
    _say_not_finite(exam, edges)
    _say_off(exam, edges)


def _walk(exam: Examination, dtype: str) -> _Edge:
    edge = _Edge(dtype)
    rng = np.random.default_rng([exam.seed, 17])
    for level, plain in extreme_cases(exam.op, dtype):
        shape = output_of(exam.op, plain, exam.options).shape
        case = Case(plain.inputs, np.asarray(np.abs(upstream(rng, shape)), dtype=dtype), "extreme")
        exam.cases += 1
        answer = exam.call(case)
        if answer.raised is not None or answer.output is None:
            continue
        _compare_outputs(exam, edge, level, case, answer)
        for source, gradients in answer.gradients.items():
            _compare_gradients(exam, edge, level, case, source, gradients.get(exam.op.first))
    return edge


def _compare_outputs(exam: Examination, edge: _Edge, level: float, case: Case, answer: Answer) -> None:
    expected = output_of(exam.op, case, exam.options)
    got = answer.output
    if got is None or got.shape != expected.shape:
        return
    finite = np.isfinite(expected)
    bad = finite & ~np.isfinite(got)
    if bad.any():
        edge.broken.setdefault("output", (level, _first(bad)))
        return
    off = finite & (np.abs(got - expected) > _OFF * np.abs(expected) + _TINY)
    if off.any():
        place = _first(off)
        edge.off = edge.off or (level, float(got[place]), float(expected[place]))
        edge.limit = float(np.max(np.abs(got[off])))


def _compare_gradients(
    exam: Examination, edge: _Edge, level: float, case: Case, source: str, got: NDArray[Any] | None
) -> None:
    expected = gradient_of(exam.op, case, exam.op.first, exam.options)
    if got is None or got.shape != expected.shape:
        return
    bad = np.isfinite(expected) & ~np.isfinite(got)
    if bad.any():
        edge.broken.setdefault(source, (level, _first(bad)))
        return
    largest = np.max(np.abs(expected[np.isfinite(expected)]), initial=0.0)
    weak = np.isfinite(expected) & (np.abs(got) < _LEFT * np.abs(expected))
    if largest > _FELT and np.any(weak & (np.abs(expected) > _FELT * largest)):
        edge.vanished.setdefault(source, level)


def _first(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(mask)[0])


def _say_not_finite(exam: Examination, edges: Sequence[_Edge]) -> None:
    said: dict[str, dict[str, tuple[float, int]]] = {}
    for edge in edges:
        starts = {what: _threshold(exam, edge, what) for what in edge.broken}
        for what, start in starts.items():
            # A gradient that fails where the output does has no cause of its own.
            if what == "output" or "output" not in starts or start[0] < starts["output"][0] * _BEFORE:
                said.setdefault(what, {})[edge.dtype] = start
    names = {
        "output": "The output",
        "autograd": "The gradient (by autograd)",
        "backward": "The gradient (by its backward)",
    }
    for what, starts in said.items():
        (dtype, first), *others = ((d, _where(exam, *start)) for d, start in starts.items())
        more = "".join(f"; in {other} {there}" for other, there in others)
        exam.add(
            "not-finite",
            f"{names[what]} is inf or NaN in {dtype} {first}, where the true value is finite{more}.",
            "forward" if what == "output" else exam.part_of(what),
            source=None if what == "output" else what,
            threshold={d: float(f"{start[0]:.6g}") for d, start in starts.items()},
        )


def _threshold(exam: Examination, edge: _Edge, what: str) -> tuple[float, int]:
    """Find by bisection from which magnitude on it fails, and on which side (0: either)."""
    level, place = edge.broken[what]
    levels = [known for known, _ in extreme_cases(exam.op, edge.dtype)]
    index = levels.index(level)
    before = levels[index - 1] if index else None
    side, pattern = _side(exam, edge.dtype, level, place)
    if exam.op.arguments[exam.op.first].domain == "probability" or before is None:
        return level, side
    good, bad = before, level
    if not _fails(exam, edge.dtype, what, bad, pattern):
        side, pattern = 0, (1, -1, 0.5, -0.5, 0.1)
    for _ in range(_HALVINGS):
        middle = (good + bad) / 2
        if _fails(exam, edge.dtype, what, middle, pattern):
            bad = middle
        else:
            good = middle
    return bad, side


def _side(
    exam: Examination, dtype: str, level: float, place: tuple[int, ...] | None
) -> tuple[int, Sequence[float]]:
    """For what works element by element, take only the side of the input that failed."""
    _, case = extreme_cases(exam.op, dtype)[0]
    shape = case.inputs[exam.op.first].shape
    whole = (1.0, -1.0, 0.5, -0.5, 0.1)
    if exam.op.kind != "activation" or "dim" in exam.op.options or place is None or len(place) != len(shape):
        return 0, whole
    side = 1 if whole[place[-1]] > 0 else -1
    other_fails = _fails(exam, dtype, "any", level, (-side,) * 5)
    return (0 if other_fails else side), (side,) * 5


def _fails(exam: Examination, dtype: str, what: str, level: float, pattern: Sequence[float]) -> bool:
    plain = extreme_case(exam.op, level, dtype, pattern)
    shape = output_of(exam.op, plain, exam.options).shape
    case = Case(plain.inputs, np.ones(shape, dtype=dtype), "extreme")
    exam.cases += 1
    answer = exam.call(case)
    arrays = [answer.output] if what in ("output", "any") else []
    arrays += [g.get(exam.op.first) for s, g in answer.gradients.items() if what in (s, "any")]
    return any(a is not None and not np.all(np.isfinite(a)) for a in arrays)


def _where(exam: Examination, threshold: float, side: int) -> str:
    if exam.op.arguments[exam.op.first].domain == "probability":
        return f"within {threshold:.3g} of 0 or 1"
    if side > 0:
        return f"for x above {threshold:.4g}"
    if side < 0:
        return f"for x below −{threshold:.4g}"
    if exam.op.kind == "activation" and "dim" not in exam.op.options:
        return f"from |x| ≈ {threshold:.4g} on"
    return f"from inputs of magnitude {threshold:.4g} on"


def _say_off(exam: Examination, edges: Sequence[_Edge]) -> None:
    found = [edge for edge in edges if edge.off is not None]
    if not found:
        return
    biased = exam.epsilon or _fit_epsilon(exam)
    if biased is not None:
        _say_epsilon(exam, biased, found, sorted({s for edge in edges for s in edge.vanished}))
        return
    if say_clamps(exam):
        return
    level, got, expected = found[0].off or (0.0, 0.0, 0.0)
    exam.add(
        "precision-loss",
        f"At the edges of the range the output is far off, though finite: {instead(got, expected)}, "
        f"at inputs of magnitude {level:.3g} in {found[0].dtype}.",
        expected=expected,
        got=got,
        threshold=level,
        dtype=found[0].dtype,
    )


def _say_epsilon(exam: Examination, biased: Planted, edges: Sequence[_Edge], vanished: Sequence[str]) -> None:
    """Say what an epsilon does at the edges, in the place of what it does in the ordinary range."""
    limits = {edge.dtype: edge.limit for edge in edges}
    sign, verb = ("−", "fall below") if exam.op.likelihood > 0 else ("", "exceed")
    texts = {dtype: f"{sign}{limit:.2f}" for dtype, limit in limits.items()}
    each = " and ".join(f"{limit} in {dtype}" for dtype, limit in texts.items())
    limit = each if len(set(texts.values())) > 1 else next(iter(texts.values()))
    seen = next((f for f in exam.findings if f.diagnosis == "epsilon-bias"), None)
    if seen is not None:
        exam.findings.remove(seen)
    exam.add(
        "epsilon-bias",
        f"The output {biased.says}. It cannot {verb} {limit}, whatever the input.",
        **{**(seen.evidence if seen else {}), **biased.evidence},
        limit=limits,
        ordinary_range=seen is not None,
    )
    for source in vanished:
        exam.add(
            "clamped-gradient",
            "Where the epsilon takes over, the gradient is as good as 0, and the true one is not: what is "
            f"most wrong learns nothing. It is so for probabilities below {biased.evidence['epsilon']:.3g}.",
            exam.part_of(source),
            source=source,
            epsilon=biased.evidence["epsilon"],
        )


def _fit_epsilon(exam: Examination) -> Planted | None:
    """Fit one epsilon to the deepest extreme, and hold it against every other."""
    if not takes_epsilon(exam.op):
        return None
    dtype = exam.dtype
    cases = [case for _, case in extreme_cases(exam.op, dtype)]
    answers = [exam.call(case).output for case in cases]
    exam.cases += len(cases)
    if any(a is None for a in answers):
        return None
    ordinary = [(t.case, t.answer.output) for t in exam.trials if t.answer.output is not None]
    deepest = np.asarray(answers[-1])
    for planted in fitted_epsilons(exam.op, exam.options, cases[-1], deepest, _LARGEST_CLAMP):
        edges = zip(cases, answers, strict=True)
        if all(_near(output_of(planted.op, c, exam.options), a, dtype) for c, a in edges) and all(
            forward_agrees(exam, planted.op, exam.options, c, a) for c, a in ordinary
        ):
            return planted
    return None


def _near(expected: NDArray[Any], got: Any, dtype: str) -> bool:
    # The clamp itself is rounded: 1 − 1e-7 keeps one digit of the 1e-7 in float32, nine in float64.
    slack = {"float32": 0.1, "float64": 1e-6}[dtype]
    return expected.shape == got.shape and bool(np.allclose(got, expected, rtol=slack, atol=slack))
