"""What an argument behind the first is: data, something given, or a single number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from backproof.checking.cases import SIZES
from backproof.checking.judge.directions import agrees_along
from backproof.checking.judge.examination import Examination
from backproof.checking.judge.own import NoOutput
from backproof.checking.references import words
from backproof.ops.domain import Argument

__all__ = [
    "is_given",
    "is_learned",
    "is_limit",
    "is_mask",
    "is_of_features",
    "with_one_logit",
    "with_single_numbers",
]


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_MASKS = _set("mask masks keep")
#: What nobody learns: an argument of such a name needs no gradient.
_GIVEN = _MASKS | _set(
    "noise noises index indices indexes idx ids label labels target targets length lengths onehot seed"
)
#: What nobody learns of what a loss takes.
_GIVEN_TO_LOSS = _set("y t gt truth weight weights")
#: Between what, or how often, something is done.
_LIMITS = _set("lo low lower min minimum hi high upper max maximum bound n exponent order degree qmin qmax")
#: What is learned, or is data as the first argument is; so is a single letter.
_LEARNED = _set(
    "weight weights bias biases kernel filter gamma input other tensor u v w b a x y z x1 x2 y1 y2"
)
#: What has an element for each feature, and none for each sample.
_FEATURES = _set("gamma bias shift")
#: What may be one number for all elements. (A ``weight``, ``gamma`` or ``bias`` is an array.)
_SINGLE = _set(
    "alpha beta a w p k t tau temp temperature slope theta lam lambd lambda lmbda sharpness gain scale sigma "
    "threshold thresh eps epsilon rate power margin delta coef coefficient factor strength steepness cutoff"
)
#: An axis for each size of the first case.
_LETTERS = {SIZES[0][letter]: letter for letter in "NDOLU"}
#: Where it is wrong either way, of such names a single number is meant rather than an array like the input.
_PRESUMED = 0.5
#: What an epsilon beside a probability makes of a gradient, as a share of it.
_EPSILON = 1e-5
#: As a tensor of no axes, as one of one element, and as a number that is no tensor.
_FORMS = ("", "U", None)


def _words(name: str) -> set[str]:
    return set(name.lower().split("_"))


def is_given(name: str, kind: str = "") -> bool:
    """Say whether an argument's name tells that it is not learned; ``kind`` is that of what takes it.

    Examples
    --------
    >>> is_given("drop_mask"), is_given("slope"), is_given("pos_weight"), is_given("pos_weight", "loss")
    (True, False, False, True)
    """
    return bool((_GIVEN_TO_LOSS | _GIVEN if kind == "loss" else _GIVEN) & _words(name))


def is_limit(name: str) -> bool:
    """Say whether an argument's name tells that it is a bound or an exponent: mostly a number of Python's.

    Examples
    --------
    >>> is_limit("min_val"), is_limit("lo"), is_limit("weight")
    (True, True, False)
    """
    return bool(_LIMITS & _words(name))


def is_learned(name: str) -> bool:
    """Say whether an argument's name tells that it is learned, or data; not that it may be a setting.

    Examples
    --------
    >>> is_learned("weight"), is_learned("x2"), is_learned("smooth")
    (True, True, False)
    """
    return bool(_LEARNED & _words(name))


def is_mask(name: str) -> bool:
    """Say whether an argument's name tells that it holds truth values."""
    return bool(_MASKS & _words(name))


def is_of_features(name: str, owner: str = "") -> bool:
    """Say whether an argument's name tells that it is a row of one element for each feature.

    ``owner`` is the name of what takes it: of an ``AddBias`` the ``b`` is a bias.
    """
    return bool(_FEATURES & _words(name)) or (name.lower() == "b" and "bias" in words(owner))


def _singles(names: Sequence[str]) -> list[str]:
    """Give the names that may stand for single numbers: a letter may beside others that do."""
    free = [name for name in names if not is_given(name)]
    letters = all(_SINGLE & _words(name) or len(name) == 1 for name in free)
    return [name for name in free if _SINGLE & _words(name) or (letters and len(free) > 1)]


def with_single_numbers(
    exam: Examination, prepare: Callable[[dict[str, Argument]], Examination | None]
) -> Examination:
    """Prepare with single numbers for arrays, where more gradients are right then.

    A learnable slope may be one for all elements: ``gw.sum().expand_as(w)`` is right for that alone.
    ``prepare`` makes an examination for other arguments, where there is one.
    """
    held = exam.convention.get("held", ())
    first, *others = (name for name in exam.op.arguments if name not in held)
    single = _singles(others)
    wrong = _count_wrong(exam) if single else 0
    shape = exam.trials[0].case.inputs[first].shape
    if wrong and all(exam.trials[0].case.inputs[name].shape == shape for name in single):
        wrong += _PRESUMED
    for arguments in _otherwise(exam, [first, *others], single) if wrong else ():
        other = prepare(arguments)
        count = wrong if other is None else _count_wrong(other)
        if other is not None and count < wrong:
            exam, wrong = other, count
    return exam


def with_one_logit(
    exam: Examination, prepare: Callable[[dict[str, Argument]], Examination | None]
) -> Examination:
    """Prepare a loss with one number for each sample, where its gradient is wrong for a row of them.

    What takes an index for each row may be a loss of two classes: NumPy indexes much that is not meant. One
    of several classes does not run so.
    """
    target = exam.op.arguments.get("target")
    wrong = _count_wrong(exam, _EPSILON) if target is not None and target.domain == "class" else 0
    if target is None or not wrong:
        return exam
    first = exam.op.arguments[exam.op.first]
    single = {exam.op.first: replace(first, axes="N"), "target": replace(target, domain="binary", axes="N")}
    other = prepare(single)
    return other if other is not None and _count_wrong(other, _EPSILON) <= wrong else exam


def _otherwise(exam: Examination, names: list[str], single: list[str]) -> Iterator[dict[str, Argument]]:
    shapes = {name: exam.trials[0].case.inputs[name].shape for name in names}
    if any(size not in _LETTERS for shape in shapes.values() for size in shape):
        return
    known = {
        name: replace(exam.op.arguments[name], axes=" ".join(_LETTERS[size] for size in shape))
        for name, shape in shapes.items()
    }
    for form in _FORMS:
        if form is None and any(_came(exam, name) for name in single):
            return  # a number gets no gradient; this one does
        if form is None:
            yield {name: argument for name, argument in known.items() if name not in single}
        else:
            yield {n: replace(a, axes=form) if n in single else a for n, a in known.items()}


def _came(exam: Examination, name: str) -> bool:
    given = exam.trials[0].answer.gradients.values()
    return any(gradients.get(name) is not None for gradients in given)


def _count_wrong(exam: Examination, loose: float = 0.0) -> float:
    """Count the gradients that do not come, or are not the derivative along one direction."""
    first = exam.trials[0]
    if first.answer.raised is not None:
        return float("inf")
    wrong = 0
    for gradients in first.answer.gradients.values():
        for name, gradient in gradients.items():
            try:
                right = gradient is not None and agrees_along(exam, first.case, name, gradient, loose=loose)
            except NoOutput:
                right = False
            wrong += not right and not (gradient is None and is_given(name))
    return wrong
