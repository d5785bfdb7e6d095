"""Preparation: how a candidate is called, in which precision, and on which cases."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Candidate, Case, Convention, Raised, Signature
from backproof.checking.cases import EVEN, SIZES, SQUARE, draw, ordinary_cases, upstream
from backproof.checking.judge.discipline import examine_state
from backproof.checking.judge.examination import Examination, Trial
from backproof.checking.judge.forward import forward_agrees
from backproof.checking.judge.randomness import examine_randomness
from backproof.checking.judge.unknown import Skipped, own_arguments, prepare_own
from backproof.checking.mistakes.search import output_of
from backproof.checking.references import OpReference, words
from backproof.ops import CATALOGUE, Op
from backproof.ops.domain import Argument, Domain

__all__ = ["Skipped", "own_arguments", "prepare"]

#: Values that people choose for an option where PyTorch's default is another.
_USUAL = {"negative_slope": (0.1, 0.2, 0.3, 0.05, 0.02, 0.001, 0.25, 0.5)}


def prepare(
    candidate: Candidate,
    reference: OpReference | None,
    seed: int,
    asked: bool,
    inputs: Mapping[str, NDArray[Any]] | None,
    domain: tuple[float, float] | None = None,
) -> Examination:
    """Find a way to call a candidate, and put the ordinary cases, or the user's inputs, to it.

    Raises
    ------
    Skipped
        If there is no such way.
    """
    unreal = [name for name, value in (inputs or {}).items() if value.dtype.kind == "c"]
    if unreal:
        raise Skipped(
            f"inputs holds complex numbers ({', '.join(unreal)}): only real functions are judged; give real "
            "and imaginary parts as arrays of their own"
        )
    if reference is None:
        return prepare_own(candidate, seed, inputs, domain=domain)
    try:
        exam = _prepare_like(candidate, reference, seed, asked, inputs, domain)
    except Skipped as skipped:
        if asked or inputs or "not implemented" in str(skipped):
            raise
        return _instead(candidate, reference, seed, domain, skipped)
    if _is_understood(exam, reference, asked or inputs is not None):
        return exam
    try:
        return _instead(candidate, reference, seed, domain, Skipped("it runs only in a way of its own"))
    except Skipped:
        raised = exam.trials[0].answer.raised
        if raised is None:
            return exam
        raise Skipped(
            f"it was called as {reference.op.name} is, with inputs of the shapes "
            f"{_shapes(exam.trials[0].case)}, and raised {raised.type}: {raised.message}; say what it is "
            f"with --like {candidate.description.name}=REF, or a comment '# backproof: like=REF'"
        ) from None


def _shapes(case: Case) -> str:
    return ", ".join(f"{name} {value.shape}" for name, value in case.inputs.items())


def _instead(
    candidate: Candidate,
    reference: OpReference,
    seed: int,
    domain: tuple[float, float] | None,
    why: Skipped,
) -> Examination:
    """Judge by its own forward what its name calls something else than it can be called as."""
    try:
        exam = prepare_own(candidate, seed, None, domain=domain)
    except Skipped as own:
        raise Skipped(f"{why}; nor by its own forward: {own}") from own
    said = (
        f"its name says {reference.op.name}, but {_plain(why)}: judged by its own forward; say what it is "
        f"with --like {candidate.description.name}=REF, or a comment '# backproof: like=REF'"
    )
    exam.remarks = [said, *(remark for remark in exam.remarks if "--like" not in remark)]
    return exam


def _plain(why: Skipped) -> str:
    return str(why).removeprefix("no way was found to construct and call it: ")


#: Components of which there are many kinds: their gates and parameters are laid out by nobody's rule.
_MANIFOLD = frozenset({"LSTMCell", "GRUCell", "RNNCell", "MultiheadAttention", "Dropout", "Embedding"})
#: Exceptions that have nothing to do with how a candidate is called.
_ITS_OWN = frozenset({"NameError", "UnboundLocalError", "AttributeError", "ImportError", "RecursionError"})


def _is_understood(exam: Examination, reference: OpReference, asked: bool) -> bool:
    """Say whether the reference is what a candidate can be held against: it runs, and is of its kind."""
    if asked or not exam.trials:
        return True
    first = exam.trials[0]
    raised = first.answer.raised
    if first.answer.output is None and raised is not None:
        certain = reference.kind != "layer" or raised.type in _ITS_OWN
        return certain or raised.phase not in ("construct", "forward")
    if reference.op.name not in _MANIFOLD:
        return True
    return forward_agrees(exam, exam.op, exam.options, first.case, first.answer.output)


def _prepare_like(
    candidate: Candidate,
    reference: OpReference,
    seed: int,
    asked: bool,
    inputs: Mapping[str, NDArray[Any]] | None,
    domain: tuple[float, float] | None,
) -> Examination:
    """Prepare with a reference: with the first sizes with which the candidate runs."""
    op, options = reference.op, {**_TELLING.get(reference.op.name, {}), **reference.options}
    exam = Examination(
        candidate=candidate,
        seed=seed,
        op=within(op, domain) if domain else op,
        options=options,
        promised=_promised(candidate, op, asked),
        exact=reference.exact,
        domain=domain,
    )
    sets = _sets(op, options, seed, inputs, domain, SIZES)
    fixed = _fixed(op, _conventions(candidate, _signature(op, options, sets[0][0][0])))
    if fixed and inputs is None:  # an instance that has its sizes already
        sets = _sets(op, options, seed, inputs, domain, [{**sizes, **fixed} for sizes in SIZES])

    def runs(cases: Sequence[Case]) -> bool:
        return _choose(exam, _conventions(candidate, _signature(op, options, cases[0])), cases[0])

    chosen = next((one for one in sets if runs(one[0])), None)
    cases, sizes = chosen or sets[0]
    if chosen is None:
        runs(cases)
    if not asked and _takes_probabilities(exam, cases[0]):
        return _prepare_probabilities(candidate, op, seed)
    cases = [present(exam, case.astype(exam.dtype), exam.convention) for case in cases]
    examine_state(exam, _with_upstream(exam, cases[0]))
    for case, size in zip(cases, sizes, strict=True):
        fitting = _with_upstream(exam, case)
        exam.trials.append(Trial(fitting, exam.call(fitting), size))
    exam.cases += len(cases)
    examine_randomness(exam)
    return exam


#: Options under which a mistake shows that PyTorch's default would hide: 1/p is 1/(1-p) for one half.
_TELLING: Mapping[str, Mapping[str, object]] = {"Dropout": {"p": 0.25}}


def _fixed(op: Op, conventions: list[dict[str, Any]]) -> dict[str, int]:
    """Give the sizes, by their letters, that the vectors of an instance have."""
    own = conventions[0].get("own", {})
    return {op.arguments[role].letters[0]: shape[0] for role, shape in own.items()}


_Set: TypeAlias = tuple[list[Case], list[dict[str, int]]]


def _sets(
    op: Op,
    options: Mapping[str, object],
    seed: int,
    inputs: Mapping[str, NDArray[Any]] | None,
    domain: tuple[float, float] | None,
    first: Sequence[Mapping[str, int]],
) -> list[_Set]:
    """Give sets of cases with their sizes, the first of which is taken with which a candidate runs."""
    if inputs is not None:
        sets: list[_Set] = [([_users_case(op, inputs, options, seed)], [{}])]
    else:
        sets = [
            (list(ordinary_cases(one, seed, options, every)), [_lettered(one, s) for s in every])
            for one in (op, *_of_other_axes(op))
            for every in (first, EVEN, SQUARE)
        ]
    if domain is None:
        return sets
    return [([_moved(case, op.first, domain) for case in cases], sizes) for cases, sizes in sets]


#: What else the input of a layer is: a sequence, an image.
_OTHER_AXES: Mapping[str, Sequence[str]] = {
    "BatchNorm1d": ("N D L", "N D H W"),
    "GroupNorm": ("N D H W",),
    "LayerNorm": ("N L D",),
    "Linear": ("N L I", "I"),
    "RMSNorm": ("N L D",),
    "Embedding": ("N L",),
}


def _of_other_axes(op: Op) -> Iterator[Op]:
    """Give a layer with inputs of more axes, for those that take no others."""
    for axes in _OTHER_AXES.get(op.name, ()):
        first = replace(op.arguments[op.first], axes=axes)
        yield replace(op, arguments={**op.arguments, op.first: first})


def _lettered(op: Op, sizes: Mapping[str, int]) -> dict[str, int]:
    return {letter: sizes[letter] for argument in op.arguments.values() for letter in argument.letters}


def _signature(op: Op, options: Mapping[str, object], case: Case) -> Signature:
    shapes = {name: value.shape for name, value in case.inputs.items()}
    return Signature(op.kind, shapes, {**op.options, **options}, op.name)


def _moved(case: Case, first: str, domain: tuple[float, float]) -> Case:
    """Move the values of the first argument into a domain, each by its rank."""
    values = case.inputs[first]
    ranks = np.argsort(np.argsort(values, axis=None)).reshape(values.shape)
    low, high = domain
    places = (ranks + 0.5) / values.size
    return replace(case, inputs={**case.inputs, first: low + (high - low) * places})


def within(op: Op, domain: tuple[float, float]) -> Op:
    """Give an op without the kinks that lie outside of a domain."""
    low, high = domain
    kinks = {
        name: tuple(v for v in values if isinstance(v, str) or low < v < high)
        for name, values in op.kinks.items()
    }
    return replace(op, kinks={name: values for name, values in kinks.items() if values})


def present(exam: Examination, case: Case, convention: Convention) -> Case:
    """Bring a case to what a candidate has: no bias, one slope for all, the mask that it draws itself."""
    absent, cut = convention.get("absent", ()), convention.get("cut", {})
    inputs = {name: a for name, a in case.inputs.items() if name not in absent}
    for name, shape in cut.items():
        inputs[name] = inputs[name][tuple(slice(size) for size in shape)]
    for name in convention.get("drawn", ()):
        ones = replace(case, inputs={**inputs, exam.op.first: np.ones_like(inputs[exam.op.first])})
        output = exam.candidate.call(replace(ones, grad_output=None), convention).output
        if output is not None and output.shape == inputs[name].shape:
            inputs[name] = output != 0
    return replace(case, inputs=inputs)


def _with_upstream(exam: Examination, case: Case) -> Case:
    """Give the case an upstream gradient of the shape that the candidate's output has."""
    output = exam.call(replace(case, grad_output=None)).output
    if output is None or case.grad_output is None or output.shape == case.grad_output.shape:
        return case
    grad_output = upstream(np.random.default_rng([exam.seed, 19]), output.shape)
    return replace(case, grad_output=grad_output.astype(exam.dtype))


def _conventions(candidate: Candidate, signature: Signature) -> list[dict[str, Any]]:
    conventions = candidate.conventions(signature)
    if not conventions:
        raise Skipped(f"no way was found to construct and call it: {candidate.obstacle or 'none fits'}")
    return conventions


def _users_case(op: Op, inputs: Mapping[str, NDArray[Any]], options: Mapping[str, object], seed: int) -> Case:
    """Make a case of the user's inputs; what is left out is drawn, its sizes taken from them."""
    unknown = [name for name in inputs if name not in op.arguments]
    if unknown:
        raise Skipped(f"{op.name} takes {', '.join(op.arguments)}; inputs has {', '.join(unknown)} besides")
    rng = np.random.default_rng([seed, 3])
    sizes = dict(SIZES[0])
    for name, value in inputs.items():
        axes = op.arguments[name].letters
        if len(axes) == value.ndim:
            sizes |= dict(zip(axes, value.shape, strict=True))
    like = inputs.get(op.first)
    values = {}
    for name, argument in op.arguments.items():
        elementwise = like is not None and argument.axes == op.arguments[op.first].axes
        shape = like.shape if like is not None and elementwise else argument.shape(sizes)
        values[name] = (
            _as_domain(inputs[name], argument.domain)
            if name in inputs
            else draw(rng, argument.domain, shape, sizes)
        )
    case = Case(values)
    return replace(case, grad_output=upstream(rng, output_of(op, case, options).shape))


def _as_domain(value: NDArray[Any], domain: Domain) -> NDArray[Any]:
    """Make integers floating, except class indices."""
    return value if domain == "class" or value.dtype.kind == "f" else value.astype(float)


def _promised(candidate: Candidate, op: Op, asked: bool) -> bool:
    """Say whether the reference's reduction is promised: by ``like``, an argument, or the name."""
    description = candidate.description
    name = set(words(description.name)) & {"mse", "mae", "mean", "average", "avg"}
    return asked or bool(description.promised) or bool(name) or description.name == op.name


def _choose(exam: Examination, conventions: list[dict[str, Any]], case: Case) -> bool:
    """Choose precision, options and the way of calling: the first that gives the reference's output.

    Where none does, the first that works, then the first at all; say whether any works.
    """
    working: tuple[str, Convention] | None = None
    raised: list[Raised | None] = []
    for dtype, convention in itertools.product(("float64", "float32"), conventions):
        exam.dtype, exam.convention = dtype, convention
        fitting = present(exam, case.astype(dtype), convention)
        answer = exam.call(replace(fitting, grad_output=None))
        exam.cases += 1
        if answer.output is None:
            raised.append(answer.raised)
            continue
        if dtype == "float64" and answer.output.dtype == np.float32:
            continue
        if working is None:
            working = (dtype, convention)
        if dtype == working[0]:
            for options in _options(exam, convention):
                if _agrees_with(exam, options, fitting, answer.output):
                    exam.options = options
                    return True
        if dtype != working[0]:
            break
    if working is None:
        _refuse(raised)
    exam.dtype, exam.convention = working or ("float64", conventions[0])
    return working is not None


def _refuse(raised: list[Raised | None]) -> None:
    """Skip what was never written or could not be constructed; what raises is a finding."""
    first = next((r for r in raised if r is not None), None)
    if first is not None and first.type == "NotImplementedError":
        raise Skipped(f"not implemented: it raises NotImplementedError in {first.phase}")


def _agrees_with(exam: Examination, options: Mapping[str, object], case: Case, output: Any) -> bool:
    try:
        return forward_agrees(exam, exam.op, options, case, output)
    except (ValueError, TypeError):
        if options == exam.options:
            raise
        return False  # a default of the candidate's own that the op knows nothing of


def _options(exam: Examination, convention: Convention) -> Iterator[dict[str, object]]:
    """Give the options to hold a candidate against: those asked for, its own defaults, the usual ones."""
    given = dict(exam.options)
    yield given
    handed = convention.get("options", {})
    own = {name: plain(v) for name, v in convention.get("defaults", {}).items() if name not in handed}
    unset = {name: v for name, v in own.items() if v is not None and exam.op.options.get(name) is None}
    for some in (unset, own):
        if some:
            yield {**given, **some}
    for name, values in _USUAL.items():
        if name in exam.op.options and name not in given:
            yield from ({**given, name: value} for value in values)


def plain(value: object) -> object:
    """Give a value as Python code would write it: what JSON made a list was a tuple."""
    return tuple(value) if isinstance(value, list) else value


def _takes_probabilities(exam: Examination, case: Case) -> bool:
    """Say whether a cross-entropy wants the probabilities that the reference makes of logits."""
    first = exam.op.arguments[exam.op.first]
    if (
        exam.op.kind != "loss"
        or exam.op.likelihood == 0
        or first.domain != "real"
        or "C" not in first.letters
    ):
        return False
    expected = output_of(exam.op, case, exam.options)
    probabilities = output_of(CATALOGUE["Softmax"], Case({"input": case.inputs["input"]}), {})
    given = replace(case, inputs={**case.inputs, "input": probabilities}, grad_output=None)
    got = [exam.call(c.astype(exam.dtype)).output for c in (given, replace(case, grad_output=None))]
    exam.cases += len(got)
    near = [g is not None and g.shape == expected.shape and np.allclose(g, expected, 1e-3) for g in got]
    return near == [True, False]


def _prepare_probabilities(candidate: Candidate, op: Op, seed: int) -> Examination:
    """Prepare a cross-entropy of probabilities: its own forward is the judge."""
    given = {name: argument for name, argument in op.arguments.items() if not argument.optional}
    arguments = {**given, "input": Argument("probability", op.arguments["input"].axes)}
    exam = prepare_own(candidate, seed, None, iter([arguments]), op.name)
    exam.remarks = [f"it takes probabilities, {op.name} takes logits: judged by its own forward"]
    return exam
