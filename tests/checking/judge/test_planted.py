"""Planted mistakes × references × styles: each is caught, and named."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest

import backproof as bp
from backproof.checking.cases import ordinary_cases
from backproof.checking.findings import Finding, Judgement, Verdict
from backproof.checking.judge import judge
from backproof.checking.judge.optimizer import courses
from backproof.checking.mistakes.forwards import FORWARD_MISTAKES, with_epsilon
from backproof.checking.mistakes.gradients import GRADIENT_MISTAKES
from backproof.checking.mistakes.mistake import Planted, exchange_results
from backproof.checking.mistakes.search import gradient_of, output_of
from backproof.checking.mistakes.updates import UPDATE_MISTAKES, simulate
from backproof.checking.references import RuleReference, guess
from backproof.diagnoses import Severity
from backproof.ops import CATALOGUE, Op
from backproof.updates import CATALOGUE as RULES
from tests.checking.planted import OpCandidate, RuleCandidate
from tests.checking.styles import STYLES, styles_of

#: How names of losses begin that say nothing of a mean.
_UNPROMISED = ("absolute", "squared", "l2", "binary", "bce", "ce")

#: Components of every sort, whose mistakes are planted in every style; of the others, in one.
IN_EVERY_STYLE = (
    *("ReLU", "LeakyReLU", "Sigmoid", "Tanh", "Softmax", "LogSoftmax"),
    *("L1Loss", "MSELoss", "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "Linear"),
)
PLANTED = "planted"

STYLED = [op.main for op in CATALOGUE.values() if styles_of(op)]
#: What can be judged by its own forward: nobody tells a sign from a class without a reference.
OWN = pytest.mark.parametrize(
    "op",
    [
        op
        for op in STYLED
        if op.kind != "layer"
        and "sign" not in [a.domain for a in op.arguments.values()]
        and op.name != "GLU"  # whose axis has an even size
    ],
    ids=lambda op: op.name,
)
LOSSES = [op.main for op in CATALOGUE.values() if op.kind == "loss"]
#: For each loss that has one, a name that promises no mean.
UNPROMISED = {
    op.name: alias
    for op in LOSSES
    for alias, options in reversed(list(op.aliases.items()))
    if alias.startswith(_UNPROMISED) and not options
}


def _names(judgement: Judgement) -> list[str]:
    return [f.diagnosis for f in judgement.findings if f.severity is not Severity.NOTE]


def _named_by(finding: Finding) -> list[Any]:
    """The diagnosis, and those that fit as well."""
    also: Any = finding.evidence.get("also", [])
    return [finding.diagnosis, *also]


def _changes_gradient(op: Op, wrong: Op) -> bool:
    """Whether what was planted makes any difference: the sign of a symmetric thing makes none."""
    for case in ordinary_cases(op, 0, {}):
        for argument in (op.first,) if op.kind in ("activation", "loss") else op.rules:
            try:
                mine, right = gradient_of(wrong, case, argument, {}), gradient_of(op, case, argument, {})
            except (ValueError, IndexError, TypeError):
                return False  # the mistake has no meaning for these shapes
            if mine.shape != right.shape or not np.allclose(mine, right, rtol=1e-9, atol=1e-12):
                return True
    return False


def _scalings(op: Op) -> Iterator[tuple[str, Planted]]:
    for factor, name in ((-1.0, "gradient-sign"), (2.0, "gradient-scale"), (0.5, "gradient-scale")):
        wrong = exchange_results(op, partial(operator.mul, factor))
        yield f"times {factor}", Planted(name, wrong, "")


def _gradient_rows() -> Iterator[Any]:
    for op in (found.main for found in CATALOGUE.values()):
        rows = [(m.name, p) for m in GRADIENT_MISTAKES for p in m.plant(op, {}, [])]
        for name, planted in [*rows, *_scalings(op)]:
            if _changes_gradient(op, planted.op):
                for style in [PLANTED, *(styles_of(op) if op.name in IN_EVERY_STYLE else ())]:
                    if style == "torch-autograd-function" and name == "broadcast-not-reduced":
                        continue  # PyTorch sums over broadcast axes itself: it is right there
                    yield pytest.param(planted, style, id=f"{op.name}-{name}-{style}")


@pytest.mark.parametrize(("planted", "style"), list(_gradient_rows()))
def test_a_planted_gradient_mistake_is_named(planted: Planted, style: str) -> None:
    if style == PLANTED:
        judgement = judge(OpCandidate(planted.op))
    else:
        judgement = bp.check(STYLES[style](planted.op))
        assert judgement.style == style
    assert judgement.verdict is Verdict.FAIL
    first = next(f for f in judgement.findings if f.severity is Severity.ERROR)
    assert planted.diagnosis in _named_by(first)


def test_the_table_covers_every_component_and_most_mistakes() -> None:
    rows = list(_gradient_rows())
    assert len(rows) > 500
    assert {row.values[0].diagnosis for row in rows} >= {
        "upstream-ignored",
        "upstream-as-input",
        "output-for-input",
        "input-for-output",
        "gradient-sign",
        "gradient-scale",
        "diagonal-jacobian",
        "transposed-gradient",
        "broadcast-not-reduced",
        "gradients-swapped",
    }


@pytest.mark.parametrize("op", CATALOGUE.values(), ids=CATALOGUE)
def test_the_reference_itself_passes(op: Op) -> None:
    judgement = judge(OpCandidate(op))
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert _names(judgement) == []


@pytest.mark.parametrize(
    ("op", "style"),
    [(o, s) for o in STYLED for s in styles_of(o)],
    ids=lambda value: getattr(value, "name", value),
)
def test_the_reference_itself_passes_in_every_style(op: Op, style: str) -> None:
    judgement = bp.check(STYLES[style](op))
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert _names(judgement) == []


@OWN
def test_the_reference_passes_by_its_own_forward_alone(op: Op) -> None:
    judgement = judge(OpCandidate(op), like=None)
    assert judgement.verdict is Verdict.PASS, judgement.reason
    assert _names(judgement) == []


def test_a_layers_parameters_are_unknown_without_a_reference() -> None:
    assert judge(OpCandidate(CATALOGUE["Linear"]), like=None).verdict is Verdict.SKIPPED


@OWN
@pytest.mark.parametrize("factor", [-1.0, 2.0, 1.001, 1e-3])
def test_a_scaled_gradient_is_named_without_a_reference(op: Op, factor: float) -> None:
    wrong = exchange_results(op, lambda gradient: factor * gradient)
    judgement = judge(OpCandidate(wrong), like=None)
    (finding,) = (f for f in judgement.findings if f.severity is Severity.ERROR)
    assert finding.diagnosis == ("gradient-sign" if factor == -1 else "gradient-scale")
    assert judgement.findings[0].evidence["factor"] == pytest.approx(factor, rel=1e-6)


@pytest.mark.parametrize(
    "op", [o for o in LOSSES if o.likelihood < 0 and o.name in UNPROMISED], ids=lambda o: o.name
)
@pytest.mark.parametrize("form", ["add", "clamp both"])
def test_an_epsilon_beside_another_reduction_is_two_warnings(op: Op, form: str) -> None:
    biased = with_epsilon(op, 1e-7, form).op
    right = op.reduction
    assert right is not None
    summed = biased.replace(
        reduction=type(right)(
            lambda xp, values, *_: right.forward(xp, values, "sum"),
            lambda xp, g, values, *_: right.gradient(xp, g, values, "sum"),
        )
    )
    judgement = judge(OpCandidate(summed, name=UNPROMISED[op.name]))
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert (
        {"epsilon-bias", "reduction"}
        <= set(_names(judgement))
        <= {"epsilon-bias", "reduction", "clamped-gradient"}
    )


@pytest.mark.parametrize("op", LOSSES, ids=lambda o: o.name)
@pytest.mark.parametrize("over", [False, True], ids=["times", "over"])
def test_a_factor_that_is_a_count_is_recognised(op: Op, over: bool) -> None:
    right = op.reduction
    assert right is not None

    def gradient(xp: Any, grad_output: Any, values: Any, *how: Any) -> Any:
        count = float(values.shape[0])
        return right.gradient(xp, grad_output, values, *how) * (1 / count if over else count)

    judgement = judge(OpCandidate(op.replace(reduction=type(right)(right.forward, gradient))))
    errors = [f for f in judgement.findings if f.severity is Severity.ERROR]
    assert {f.diagnosis for f in errors} == {"gradient-scale"}
    assert {f.evidence["equals"] for f in errors} == {"1/N" if over else "N"}


def _forward_rows() -> Iterator[Any]:
    for op in (found.main for found in CATALOGUE.values()):
        for mistake in FORWARD_MISTAKES:
            for index, planted in enumerate(mistake.plant(op, {}, [])):
                cases = list(ordinary_cases(op, 0, {}))
                same = [
                    np.array_equal(output_of(planted.op, c, {}), output_of(op, c, {}))
                    or np.allclose(output_of(planted.op, c, {}), output_of(op, c, {}))
                    if output_of(planted.op, c, {}).shape == output_of(op, c, {}).shape
                    else False
                    for c in cases
                ]
                if not all(same):
                    yield pytest.param(planted, id=f"{op.name}-{mistake.name}-{index}")


@pytest.mark.parametrize("planted", list(_forward_rows()))
def test_a_planted_forward_mistake_is_named_and_its_gradient_is_not_blamed(planted: Planted) -> None:
    judgement = judge(OpCandidate(planted.op))
    assert judgement.verdict is Verdict.FAIL
    assert [f.diagnosis for f in judgement.findings if f.severity is Severity.ERROR] == [planted.diagnosis]


@pytest.mark.parametrize("op", [o.main for o in CATALOGUE.values() if o.likelihood], ids=lambda o: o.name)
@pytest.mark.parametrize("form", ["add", "clamp", "clamp both"])
@pytest.mark.parametrize("epsilon", [1e-5, 1e-7, 3e-8, 1e-10, 1e-12])
def test_an_epsilon_is_fitted_and_is_a_warning(op: Op, form: str, epsilon: float) -> None:
    judgement = judge(OpCandidate(with_epsilon(op, epsilon, form).op))
    assert judgement.verdict is Verdict.PASS
    assert set(_names(judgement)) <= {"epsilon-bias", "clamped-gradient"}
    finding = next(f for f in judgement.findings if f.diagnosis == "epsilon-bias")
    assert finding.evidence["epsilon"] == pytest.approx(epsilon, rel=0.2)


@pytest.mark.parametrize("op", [o for o in LOSSES if o.name in UNPROMISED], ids=lambda o: o.name)
def test_a_reduction_that_nobody_promised_is_a_warning(op: Op) -> None:
    right = op.reduction
    assert right is not None
    summed = op.replace(
        reduction=type(right)(
            lambda xp, values, *_: right.forward(xp, values, "sum"),
            lambda xp, g, values, *_: right.gradient(xp, g, values, "sum"),
        )
    )
    judgement = judge(OpCandidate(summed, name=UNPROMISED[op.name].title().replace(" ", "")))
    assert judgement.verdict is Verdict.PASS
    assert [(f.diagnosis, f.severity) for f in judgement.findings] == [("reduction", Severity.WARNING)]


def _changes_path(name: str, wrong: Any) -> bool:
    """Whether what was planted makes any difference: a decay of 0 may be coupled or not."""
    reference = guess(name)
    assert isinstance(reference, RuleReference)
    rule = reference.rule
    course = next(courses(rule, reference.options, 0))
    kept = [i for i, gradient in enumerate(course.gradients[0]) if gradient is not None]
    with np.errstate(all="ignore"):
        right, got = (simulate(r, course.hyperparameters, course) for r in (rule, wrong))
    return not all(np.array_equal(right[-1][i], got[-1][i]) for i in kept)


def _update_rows() -> Iterator[Any]:
    names = {"SGD": ("Momentum", "Nesterov"), "Adam": ("Adam",)}
    for rule in RULES.values():
        for name in names.get(rule.__name__, (rule.__name__,)):
            for mistake in UPDATE_MISTAKES:
                for index, planted in enumerate(mistake.plant(rule)):
                    if not _changes_path(name, planted.rule):
                        continue
                    yield pytest.param(name, planted, id=f"{name}-{mistake.name}-{index}")


@pytest.mark.parametrize("taken", ["lr", "lr momentum nesterov betas eps"], ids=["fixed", "taken"])
@pytest.mark.parametrize(("name", "planted"), list(_update_rows()))
def test_a_planted_update_mistake_is_named(name: str, planted: Any, taken: str) -> None:
    fixed = {"Momentum": {"momentum": 0.8}, "Nesterov": {"momentum": 0.95, "nesterov": True}}.get(name, {})
    few = taken == "lr"
    judgement = judge(RuleCandidate(planted.rule, name, tuple(taken.split()), fixed if few else {}))
    (finding,) = judgement.findings
    assert planted.diagnosis in _named_by(finding)
    assert judgement.verdict is (Verdict.FAIL if finding.severity is Severity.ERROR else Verdict.PASS)


@pytest.mark.parametrize("name", ["Momentum", "Nesterov", *RULES])
@pytest.mark.parametrize("fixed", [True, False], ids=["fixed", "taken"])
def test_the_update_rule_itself_passes(name: str, fixed: bool) -> None:
    rule = RULES.get(name, RULES["SGD"])
    hidden: dict[str, Any] = {
        "Momentum": {"momentum": 0.8},
        "Nesterov": {"momentum": 0.95, "nesterov": True},
    }.get(name, {})
    taken = ("lr",) if fixed else tuple(rule.hyperparameters())
    candidate = RuleCandidate(rule, name, taken, hidden if fixed else {})
    judgement = judge(candidate)
    assert judgement.verdict is Verdict.PASS
    assert judgement.findings == []


@pytest.mark.parametrize("op", [o.main for o in CATALOGUE.values() if o.likelihood], ids=lambda o: o.name)
@pytest.mark.parametrize(("factor", "diagnosis"), [(-1.0, "gradient-sign"), (2.0, "gradient-scale")])
def test_a_wrong_gradient_is_named_beside_a_forward_with_an_epsilon(
    op: Op, factor: float, diagnosis: str
) -> None:
    biased = with_epsilon(op, 1e-9, "add").op
    wrong = exchange_results(op, partial(operator.mul, factor))
    candidate = OpCandidate(biased.replace(rules=_rules_of(op), broadcasting=wrong.broadcasting))
    judgement = judge(candidate)
    (finding,) = (f for f in judgement.findings if f.severity is Severity.ERROR)
    assert diagnosis in _named_by(finding)
    assert "epsilon-bias" in _names(judgement)


def _rules_of(op: Op) -> dict[str, Any]:
    """The rules of an op, given its own values instead of those of whatever calls them."""

    def of(rule: Any) -> Any:
        def own(xp: Any, grad_output: Any, *roles: Any, **options: object) -> Any:
            *inputs, _ = roles
            return rule(xp, grad_output, *inputs, op.forward(xp, *inputs, **options), **options)

        return own

    return {name: of(rule) for name, rule in op.rules.items()}
