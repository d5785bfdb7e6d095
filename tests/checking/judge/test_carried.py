"""Tensors that carry their gradients with them: ``inp.g`` is left for whatever gave ``inp``."""

from __future__ import annotations

from textwrap import dedent

import pytest

from backproof.checking.findings import Verdict
from backproof.checking.judge import judge
from tests.checking.adapt.asking import found_in

MODULE = """
    import torch

    class Module:
        def __call__(self, *args):
            self.args = args
            self.out = self.forward(*args)
            return self.out

        def backward(self):
            self.bwd(self.out, *self.args)
"""
#: A class with a place for a mistake, what is right there, what is wrong, its diagnosis.
ROWS = {
    "an activation": (
        """
        class Relu(Module):
            def forward(self, inp):
                return inp.clamp_min(0.)

            def bwd(self, out, inp):
                inp.g = (inp > 0).float() HERE
        """,
        "* out.g",
        "",
        "upstream-ignored",
    ),
    "parameters, which carry theirs too": (
        """
        class Lin(Module):
            def __init__(self, w, b):
                self.w, self.b = w, b

            def forward(self, inp):
                return inp @ self.w + self.b

            def bwd(self, out, inp):
                inp.g = out.g @ self.w.t()
                self.w.g = inp.t() @ out.g
                self.b.g = out.g.HERE(0)
        """,
        "sum",
        "mean",
        "gradient-scale",
    ),
    "without a base, a loss that comes last, of a column": (
        """
        class Mse:
            def __call__(self, inp, targ):
                self.inp, self.targ = inp, targ
                return (inp.squeeze() - targ).pow(2).mean()

            def backward(self):
                self.inp.g = HERE * (self.inp.squeeze() - self.targ).unsqueeze(-1) / self.targ.shape[0]
        """,
        "2.",
        "1.",
        "gradient-scale",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_right_it_passes_and_a_mistake_in_it_is_named(row: str) -> None:
    code, right, wrong, diagnosis = ROWS[row]
    for part, expected in ((right, None), (wrong, diagnosis)):
        script = dedent(MODULE) + dedent(code).replace("HERE", part)
        (one,) = [one for one in found_in(script) if one.description.name != "Module"]
        assert one.candidate is not None, one.reason
        judgement = judge(one.candidate)
        errors = [finding.diagnosis for finding in judgement.findings]
        assert judgement.verdict is (Verdict.FAIL if expected else Verdict.PASS), f"{judgement}"
        assert errors[:1] == ([expected] if expected else []), f"{judgement}"
