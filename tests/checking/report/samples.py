"""Findings as the judge gives them, one for each diagnosis, to show and to snapshot."""

from __future__ import annotations

from typing import Any

from backproof.checking.findings import Finding, Judgement, Problem, Report, UnitFinding, Verdict
from backproof.diagnoses import Severity

FINDINGS = [
    Finding(
        "forward-value",
        "The output is not that of torch.nn.Sigmoid(): the sign of the exponent is wrong.",
        {"input": [0.5, -1.25], "expected": [0.6224593, 0.2227001], "got": [0.3775407, 0.7772999]},
        line=4,
    ),
    Finding(
        "forward-shape",
        "The output has the shape (5, 3), torch.nn.Linear() gives (3, 5): it is transposed.",
        {"shape_expected": [3, 5], "shape_got": [5, 3], "case": "ordinary"},
        line=9,
    ),
    Finding(
        "gradient-value",
        "The gradient differs from the derivative of the forward.",
        {
            "argument": "input",
            "source": "backward",
            "index": [1, 2],
            "input": [[0.5, -1.25, 2.0], [1.5, 0.25, -0.75]],
            "grad_output": [[0.7, -1.2, 0.3], [1.1, 0.9, -0.4]],
            "expected": [[0.1645, -0.2077, 0.0315], [0.164, 0.2215, -0.0872]],
            "got": [[0.1645, -0.2077, 0.0315], [0.164, 0.2215, 0.0872]],
        },
        line=14,
    ),
    Finding(
        "gradient-scale",
        "The gradient is 15 times too large: the loss is a mean over all 15 elements, the gradient is not "
        "divided by their number. Divide by input.size.",
        {"argument": "input", "source": "backward", "factor": 15.0, "equals": "N·D, the number of elements"},
        line=20,
    ),
    Finding(
        "gradient-sign",
        "The gradient is negated: it points uphill where it has to point downhill.",
        {"argument": "input", "expected": -0.125, "got": 0.125, "source": "backward"},
        line=21,
    ),
    Finding(
        "upstream-ignored",
        "The incoming gradient is not multiplied in. Return grad_output * (1 - output**2).",
        {"grad_output": [0.7, -1.2], "input": [0.5, 1.0], "expected": [0.55, -0.504], "got": [0.786, 0.42]},
        line=33,
    ),
    Finding(
        "upstream-as-input",
        "The mask is computed from the incoming gradient, not from the saved input: keep the input in the "
        "forward, and let the gradient pass where it was above 0.",
        {
            "source": "backward",
            "argument": "input",
            "input": [-0.5, 1.5, 2.5],
            "grad_output": [0.7, -1.2, 1.3],
            "expected": [0.0, -1.2, 1.3],
            "got": [0.7, -1.2, 1.0],
        },
        line=23,
    ),
    Finding(
        "missing-gradient",
        "No gradient comes back for the bias: the backward returns None in its place.",
        {"argument": "bias", "source": "backward", "got": None},
        line=40,
    ),
    Finding(
        "not-finite",
        "The output is NaN from |x| = 88.73 on, where tanh is 1: exp overflows. Use torch.tanh, or divide "
        "by the larger exponential first.",
        {
            "threshold": 88.73,
            "input": 88.73,
            "expected": 1.0,
            "got": float("nan"),
            "dtype": "float32",
            "case": "extreme",
        },
        line=8,
    ),
    Finding(
        "epsilon-bias",
        "An epsilon inside the logarithm bounds the loss at 16.12, and biases it by up to 1e-7 elsewhere.",
        {"epsilon": 1e-07, "form": "log(p + ε)", "expected": 30.0, "got": 16.118095650958319},
        line=28,
    ),
    Finding(
        "reduction",
        "The loss is a sum where its name promises a mean: divide by the number of elements.",
        {"factor": 15, "equals": "N·D", "also": ["gradient-scale"], "expected": 0.4, "got": 6.0},
        line=12,
    ),
    Finding(
        "gradient-at-kink",
        "At 0 the gradient is ½, PyTorch's is 0. Both are subgradients.",
        {"input": 0.0, "expected": 0.0, "got": 0.5, "source": "autograd"},
        line=11,
    ),
    Finding(
        "gradient-at-kink",
        "At 0 the gradient is 2, which is no subgradient: those lie between 0 and 1.",
        {"input": 0.0, "expected": 0.0, "got": 2.0},
        line=11,
        severity=Severity.ERROR,
    ),
    Finding(
        "detached",
        "The output is cut off from the graph: no gradient reaches the input. Return the tensor itself.",
        line=16,
    ),
    Finding(
        "mutates-input",
        "The forward changes its input in place.",
        {"argument": "x", "input": [-1.0, 2.0], "got": [0.0, 2.0]},
        line=51,
    ),
    Finding(
        "update-value",
        "The parameters differ from those of torch.optim.SGD(momentum=0.9) from step 2 on.",
        {"step": 2, "parameter": 0, "expected": [0.71, 1.42], "got": [0.8, 1.6], "index": [0]},
        line=60,
    ),
    Finding(
        "velocity-holds-lr",
        "The learning rate is part of the velocity. The steps are the same until the rate changes: then "
        "the old rate lives on in the velocity.",
        {"step": 6, "parameter": 1, "expected": 0.25, "got": 0.2500000001},
        line=66,
    ),
    Finding("bias-correction-missing", "The moments are not divided by 1 − βᵗ.", {"step": 1}, line=80),
    Finding(
        "epsilon-placement",
        "Epsilon is added inside the root; torch.optim.Adam() adds it outside.",
        {"epsilon": 1e-08, "form": "sqrt(v + ε)"},
        line=81,
    ),
    Finding(
        "backward-never-called",
        "Autograd never calls a backward of a Module: what trains is autograd's own gradient. Write a "
        "torch.autograd.Function to have it called.",
        line=23,
    ),
    Finding(
        "raises",
        "The backward raised AttributeError: 'BCEWithLogits' object has no attribute 'probs'",
        {"exception": "AttributeError", "convention": {"construct": [], "call": ["input", "target"]}},
        line=90,
    ),
    Finding("time-out", "No answer came within 20 s. Does a loop end?", {"seconds": 20.0}, line=95),
]

CELL = UnitFinding(
    "notebook.ipynb",
    Finding(
        "cell-error",
        "NameError in line 2: name 'history' is not defined",
        {"type": "NameError", "text": "name 'history' is not defined", "source": "plt.plot(history)"},
        line=2,
    ),
    cell=7,
)
#: A cell that fails because another did.
FOLLOWER = UnitFinding(
    "notebook.ipynb",
    Finding(
        "cell-error",
        "NameError in line 1: name 'axes' is not defined (cell 7, which failed, was to define it)",
        {"type": "NameError", "source": "axes.legend()", "follows": 7},
        line=1,
    ),
    cell=8,
)


def judgement(*findings: Finding, name: str = "Candidate", **changes: Any) -> Judgement:
    """Make a judgement with these findings, failing where one is an error."""
    wrong = any(finding.severity is Severity.ERROR for finding in findings)
    values: dict[str, Any] = {
        "name": name,
        "kind": "activation",
        "style": "torch-module-manual-backward",
        "verdict": Verdict.FAIL if wrong else Verdict.PASS,
        "findings": list(findings),
        "cases": 12,
        "seconds": 0.25,
        "file": "notebook.ipynb",
        "cell": 6,
        "line": 3,
    }
    return Judgement(**{**values, **changes})


def whole() -> Report:
    """Make a report with some of everything."""
    findings = {finding.diagnosis: finding for finding in FINDINGS}
    relu, never = findings["upstream-as-input"], findings["backward-never-called"]
    script: dict[str, Any] = {"file": "src/course/layers/losses_and_optimizers.py", "cell": None}
    return Report(
        seed=0,
        candidates=[
            judgement(never, relu, name="ReLU", reference="torch.nn.ReLU()"),
            judgement(name="Softmax", reference="torch.nn.Softmax(dim=1)", cell=9, style="torch-module"),
            judgement(
                name="Net",
                kind="model",
                verdict=Verdict.SKIPPED,
                cell=22,
                line=5,
                reason="it cannot be constructed without layer_sizes, for which no value is known",
            ),
            judgement(
                findings["reduction"],
                findings["epsilon-bias"],
                name="MulticlassCrossEntropyLoss",
                kind="loss",
                style="numpy-class",
                reference="torch.nn.CrossEntropyLoss(reduction='mean')",
                **script,
            ),
            judgement(
                findings["velocity-holds-lr"],
                name="MomentumOptimizer",
                kind="optimizer",
                style="numpy-optimizer",
                reference="torch.optim.SGD(momentum=0.9)",
                line=120,
                **script,
            ),
            judgement(
                name="rosenbrock",
                kind="function",
                style="function-pair",
                verdict=Verdict.UNSURE,
                reason="finite differences at two step sizes do not agree with one another",
                line=150,
                **script,
            ),
        ],
        units=[CELL, FOLLOWER],
        errors=[Problem("missing.ipynb", "no such file: give the path of a .py or .ipynb file, or a folder")],
    )
