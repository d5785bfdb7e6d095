"""What docs/adding.md says: the one file of its example makes a module of each kind, which are one thing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import backproof

ROOT = Path(__file__).parents[3]

#: A loss with a weight, of a name that torch.nn lacks.
LOSS = '''
from backproof._typing import Array, Float, Namespace
from backproof.ops.domain import POSITIVE, REAL, Argument
from backproof.ops.catalogue import op

Same = Float[Array, "..."]


@op(
    "QuarticLoss",
    kind="loss",
    arguments={
        "input": Argument(REAL, "N D"),
        "target": Argument(REAL, "N D"),
        "weight": Argument(POSITIVE, "D", optional=True),
    },
)
def quartic_loss(xp: Namespace, input: Same, target: Same, weight: Same | None = None) -> Same:
    """Give the fourth power of the difference."""
    values = (input - target) ** 4
    return values if weight is None else weight * values


@quartic_loss.rule("input")
def _(
    xp: Namespace, grad_output: Same, input: Same, target: Same, weight: Same | None, output: Same
) -> Same:
    slope = 4 * (input - target) ** 3
    return grad_output * (slope if weight is None else weight * slope)
'''

SCRIPT = """
import copy, os, pickle
import numpy as np
import torch
import backproof
from backproof import nn
from backproof.torch import nn as ours

assert backproof.__file__.startswith(os.getcwd())
x = torch.linspace(-2, 2, 12, dtype=torch.float64).reshape(4, 3).requires_grad_()
target, weight = torch.rand(4, 3, dtype=torch.float64), torch.rand(3, dtype=torch.float64)

# Forward and backward, on PyTorch against its autograd, and on NumPy against that.
sine = ours.Sine(omega=2.0)
(gradient,) = torch.autograd.grad(sine(x).sum(), x, create_graph=True)
torch.testing.assert_close(sine(x), (2 * x).sin())
torch.testing.assert_close(gradient, 2 * (2 * x).cos())
(second,) = torch.autograd.grad(gradient.sum(), x)
torch.testing.assert_close(second, -4 * (2 * x).sin())
module = nn.Sine(2.0)
np.testing.assert_allclose(module(x.detach().numpy()), (2 * x).sin().detach())
np.testing.assert_allclose(module.backward(np.ones((4, 3))), gradient.detach())

loss, expected = ours.QuarticLoss(weight), (weight * (x - target) ** 4).mean()
torch.testing.assert_close(loss(x, target), expected)
torch.testing.assert_close(
    torch.autograd.grad(loss(x, target), x), torch.autograd.grad(expected, x)
)
criterion = nn.QuarticLoss(weight.numpy())
np.testing.assert_allclose(criterion(x.detach().numpy(), target.numpy()), expected.detach())
np.testing.assert_allclose(criterion.backward(), torch.autograd.grad(loss(x, target), x)[0])

# From one to the other, copied and pickled.
twin = nn.Sequential(nn.Linear(3, 3), module).to_torch(ours)
assert type(twin[1]) is ours.Sine and twin[1].omega == 2.0
back = nn.from_torch(twin)
assert repr(back) == repr(twin) == repr(copy.deepcopy(twin)) == repr(pickle.loads(pickle.dumps(twin)))
assert nn.from_torch(loss)._buffers["weight"].tolist() == weight.tolist()

# Both are checked against the op, also where they are a student's.
for candidate in (nn.Sine, ours.Sine, nn.QuarticLoss, ours.QuarticLoss):
    judged = backproof.check(candidate)
    assert judged.verdict == "pass", judged
print("done")
"""


def test_one_file_makes_the_modules(tmp_path: Path) -> None:
    shutil.copytree(
        Path(backproof.__file__).parent, tmp_path / "backproof", ignore=shutil.ignore_patterns("__pycache__")
    )
    ops = tmp_path / "backproof" / "ops"
    page = (ROOT / "docs" / "adding.md").read_text("utf-8")
    shown = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0]
    (ops / "activations" / "periodic.py").write_text(shown, "utf-8")
    (ops / "losses" / "quartic.py").write_text(LOSS, "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "PYTHONPATH": str(tmp_path), "OMP_NUM_THREADS": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "done\n"
