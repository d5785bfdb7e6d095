"""Every diagnosis as the user sees it: each mistake of the tables, and those of people, in words."""

from __future__ import annotations

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

import backproof as bp
from backproof.checking.findings import Finding
from backproof.checking.judge import judge
from backproof.checking.mistakes.forwards import FORWARD_MISTAKES, with_epsilon
from backproof.checking.mistakes.gradients import GRADIENT_MISTAKES
from backproof.checking.mistakes.mistake import exchange_results
from backproof.checking.mistakes.updates import UPDATE_MISTAKES
from backproof.ops import CATALOGUE
from backproof.updates import CATALOGUE as RULES
from tests.checking.judge.test_findings import MEANT, OPTIMIZERS, ROWS
from tests.checking.planted import OpCandidate, RuleCandidate


def _told(findings: list[Finding]) -> str:
    return "\n".join(f"{f.severity} {f.diagnosis} {f.line}: {f.message}" for f in findings)


@pytest.mark.parametrize("name", ["Tanh", "Softmax", "MSELoss", "CrossEntropyLoss", "Linear"])
def test_planted_in_an_op(name: str, snapshot: SnapshotAssertion) -> None:
    op = CATALOGUE[name].main
    told = {}
    for mistake in (*GRADIENT_MISTAKES, *FORWARD_MISTAKES):
        for index, planted in enumerate(mistake.plant(op, {}, [])):
            told[f"{mistake.name} {index}"] = _told(judge(OpCandidate(planted.op)).findings)
    for factor in (-1.0, 2.0, 0.3):
        wrong = exchange_results(op, lambda gradient, c=factor: c * gradient)  # type: ignore[misc]  # bound at once
        told[f"times {factor}"] = _told(judge(OpCandidate(wrong)).findings)
    if op.likelihood:
        told["epsilon"] = _told(judge(OpCandidate(with_epsilon(op, 1e-7, "clamp both").op)).findings)
    assert "\n".join(f"{row}\n  {text}" for row, text in told.items()) == snapshot


@pytest.mark.parametrize(("rule", "name"), [("SGD", "Momentum"), ("Adam", "Adam")])
def test_planted_in_an_update_rule(rule: str, name: str, snapshot: SnapshotAssertion) -> None:
    told = {}
    for mistake in UPDATE_MISTAKES:
        for index, planted in enumerate(mistake.plant(RULES[rule])):
            told[f"{mistake.name} {index}"] = _told(judge(RuleCandidate(planted.rule, name)).findings)
    assert "\n".join(f"{row}\n  {text}" for row, text in told.items()) == snapshot


@pytest.mark.parametrize("row", ROWS)
def test_made_by_people(row: str, snapshot: SnapshotAssertion) -> None:
    candidate, settings, *_ = ROWS[row]
    findings = bp.check(candidate, **settings).findings
    assert "\n".join(f"{f.severity} {f.diagnosis}: {f.message}" for f in findings) == snapshot


@pytest.mark.parametrize("row", OPTIMIZERS, ids=lambda row: row[1])
def test_made_by_people_in_optimizers(row: Any, snapshot: SnapshotAssertion) -> None:
    findings = bp.check(row[0], like=MEANT.get(row[0], "sgd")).findings
    assert "\n".join(f"{f.severity} {f.diagnosis}: {f.message}" for f in findings) == snapshot
