"""Targets that a loss of classes ignores: right ones pass, a wrong mean or gradient is named."""

from __future__ import annotations

import pytest

from backproof.checking.findings import Verdict
from backproof.checking.judge.judge import judge
from backproof.diagnoses import Severity
from tests.checking.adapt.asking import the_candidate

LOSS = """
class {name}:
    def __init__(self, ignore_index=-100):
        self.ignore_index = ignore_index
    def forward(self, logits, target):
        z = logits - logits.max(-1, keepdims=True)
        logp = z - np.log(np.exp(z).sum(-1, keepdims=True))
        self.p, self.keep = np.exp(logp), target != self.ignore_index
        self.t, self.n = np.where(self.keep, target, 0), {count}
        return -(logp[np.arange(len(target)), self.t] * self.keep).sum() / self.n
    def backward(self):
        g = self.p.copy()
        g[np.arange(len(g)), self.t] -= 1
        return {gradient}
"""
KEPT, EVERY = "int(self.keep.sum())", "len(target)"
RIGHT, FORGOTTEN = "g * self.keep[:, None] / self.n", "g / self.n"


@pytest.mark.parametrize(
    ("name", "count", "gradient", "found"),
    [
        ("CrossEntropyLoss", KEPT, RIGHT, []),
        ("Masked", KEPT, RIGHT, []),
        ("CrossEntropyLoss", EVERY, RIGHT, [("reduction", Severity.ERROR)]),
        ("Masked", EVERY, RIGHT, [("reduction", Severity.WARNING)]),  # its name promises nothing
        ("CrossEntropyLoss", KEPT, FORGOTTEN, [("inner-derivative-missing", Severity.ERROR)]),
    ],
)
def test_what_is_ignored_is_left_out(
    name: str, count: str, gradient: str, found: list[tuple[str, Severity]]
) -> None:
    judgement = judge(the_candidate(LOSS.format(name=name, count=count, gradient=gradient)))
    assert [(f.diagnosis, f.severity) for f in judgement.findings] == found
    assert all("ignore_index=-100" in f.message for f in judgement.findings)
    errors = any(severity is Severity.ERROR for _, severity in found)
    assert judgement.verdict is (Verdict.FAIL if errors else Verdict.PASS)
