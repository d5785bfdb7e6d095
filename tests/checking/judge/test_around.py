"""Candidates of which the code around says what they are called with: right ones pass, mistakes are named."""

from __future__ import annotations

import pytest

from backproof.checking.findings import Judgement, Verdict
from backproof.checking.judge.judge import judge
from backproof.diagnoses import Severity
from tests.checking.adapt.asking import HEAD, found_in

#: Code with a place for a mistake, the candidate in it, what is right there, what is wrong, its diagnosis.
ROWS: dict[str, tuple[str, str, str, str, str]] = {
    "a number among tensors": (
        """
class Norm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, gain, eps):
        r = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)
        ctx.save_for_backward(x, gain)
        ctx.eps = eps
        return x * r * gain
    @staticmethod
    def backward(ctx, dy):
        x, gain = ctx.saved_tensors
        r = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + ctx.eps)
        h = dy * gain
        dx = r * h - r**3 * x * (h * x).HERE(-1, keepdim=True)
        return dx, (dy * x * r).sum(0), None
class Layer(nn.Module):
    def __init__(self, size, eps=1e-6):
        super().__init__()
        self.gain, self.eps = nn.Parameter(torch.ones(size)), eps
    def forward(self, x):
        return Norm.apply(x, self.gain, self.eps)
""",
        "Norm",
        "mean",
        "sum",
        "gradient-value",
    ),
    "a number, and a word": (
        """
class Pair(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b, margin, reduction):
        ctx.save_for_backward(a, b)
        ctx.margin, ctx.reduction = margin, reduction
        loss = (margin + ((a - b) ** 2).sum(-1)).clamp(min=0)
        return loss.mean() if reduction == "mean" else loss
    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        if ctx.reduction == "mean":
            g = g HERE
        d = 2 * g * (a - b) if ctx.reduction == "mean" else 2 * g[:, None] * (a - b)
        return d, -d, None, None
def pair_loss(a, b, margin=2 ** 1 - 1.5, reduction="mean"):
    return Pair.apply(a, b, margin, reduction)
""",
        "Pair",
        "/ len(a)",
        "/ a.numel()",
        "gradient-scale",
    ),
    "a weight that a loss is given": (
        """
class WeightedBCELoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z, y, pos_weight, smooth):
        ctx.save_for_backward(z, y, pos_weight)
        return (pos_weight * y * nn.functional.softplus(-z) + (1 - y) * nn.functional.softplus(z)).mean()
    @staticmethod
    def backward(ctx, g):
        z, y, w = ctx.saved_tensors
        p = torch.sigmoid(z)
        return g * (HERE(1 - y) * p - w * y * (1 - p)) / z.numel(), None, None, None
class Loss(nn.Module):
    def forward(self, z, y, w):
        return WeightedBCELoss.apply(z, y, w, 0)
""",
        "WeightedBCELoss",
        "",
        "-",
        "gradient-value",
    ),
    "samples in columns": (
        """
class Hidden:
    def __init__(self, n_in, n_out):
        self.W, self.b = np.random.randn(n_out, n_in), np.zeros((n_out, 1))
    def forward(self, x):
        self.x = x
        self.a = np.tanh(self.W @ x + self.b)
        return self.a
    def backward(self, da):
        dz = da * (1 - self.a ** 2)
        self.dW, self.db = dz @ self.x.T, dz.HERE(1, keepdims=True)
        return self.W.T @ dz
""",
        "Hidden",
        "sum",
        "mean",
        "gradient-scale",
    ),
    "methods without an instance": (
        """
class Tanh:
    @staticmethod
    def activation(z):
        return np.tanh(z)
    @staticmethod
    def prime(z):
        return 1 - HERE
""",
        "Tanh",
        "np.tanh(z) ** 2",
        "np.tanh(z)",
        "gradient-value",
    ),
    "two methods of one stem": (
        """
class SquaredError:
    @staticmethod
    def loss(y_true, y_pred):
        return ((y_pred - y_true) ** 2).mean()
    @staticmethod
    def d_loss(y_true, y_pred):
        return 2 * (y_pred - y_true) HERE
""",
        "SquaredError",
        "/ y_pred.size",
        "",
        "gradient-scale",
    ),
    "a loss that is called, and gives its gradient too": (
        """
class BCEWithLogits:
    def __call__(self, logits, y):
        loss = np.mean(np.logaddexp(0, logits) - y * logits)
        return loss, (1 / (1 + np.exp(-logits)) - y) HERE
""",
        "BCEWithLogits",
        "/ logits.size",
        "",
        "gradient-scale",
    ),
}


def _judged(row: str, part: str) -> Judgement:
    code, name, *_ = ROWS[row]
    one = next(o for o in found_in(HEAD + code.replace("HERE", part)) if o.description.name == name)
    assert one.candidate is not None, one.reason
    return judge(one.candidate)


@pytest.mark.parametrize("row", ROWS)
def test_right_it_passes_and_a_mistake_is_named(row: str) -> None:
    _, _, right, wrong, diagnosis = ROWS[row]
    judgement = _judged(row, right)
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    judgement = _judged(row, wrong)
    assert judgement.verdict is Verdict.FAIL, f"{judgement}"
    assert judgement.findings[0].diagnosis == diagnosis, f"{judgement}"


#: A learned range beside a rounding: no derivative tells what its gradient has to be.
ROUNDED = """
class Rounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, top):
        ctx.save_for_backward(x, top)
        return torch.round(torch.minimum(x, top) * 4) / 4
    @staticmethod
    def backward(ctx, g):
        x, top = ctx.saved_tensors
        return g * (x < top), (g * (x >= top)).sum().view(1)
class Quantised(nn.Module):
    def __init__(self):
        super().__init__()
        self.top = nn.Parameter(torch.tensor([1.5]))
    def forward(self, x):
        return Rounded.apply(x, self.top)
"""


def test_what_a_parameter_does_beside_steps_is_no_error() -> None:
    one = next(o for o in found_in(HEAD + ROUNDED) if o.description.name == "Quantised")
    assert one.candidate is not None
    judgement = judge(one.candidate)
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert {f.severity for f in judgement.findings} <= {Severity.WARNING, Severity.NOTE}


#: A setting, or something learned, that a backward leaves out: nobody calls it, so nothing tells which.
ALONE = """
class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, NAME):
        ctx.save_for_backward(x, NAME)
        return x * torch.sin(NAME * x)
    @staticmethod
    def backward(ctx, g):
        x, NAME = ctx.saved_tensors
        return g * (torch.sin(NAME * x) + x * NAME * torch.cos(NAME * x)), None
"""


@pytest.mark.parametrize(
    ("name", "severity"),
    [("sharpening", Severity.WARNING), ("weight", Severity.ERROR), ("w", Severity.ERROR)],
)
def test_a_gradient_left_out_is_an_error_where_its_name_says_that_it_is_due(
    name: str, severity: Severity
) -> None:
    (one,) = found_in(HEAD + ALONE.replace("NAME", name))
    assert one.candidate is not None
    found = [f for f in judge(one.candidate).findings if f.diagnosis == "missing-gradient"]
    assert [f.severity for f in found] == [severity], f"{found}"


#: What a softmax takes beyond its reference.
SOFTENED = """
def softmax_forward(x, temperature=1.0):
    e = np.exp((x - x.max(-1, keepdims=True)) / temperature)
    p = e / e.sum(-1, keepdims=True)
    return p, (p, temperature)
def softmax_backward(dp, cache):
    p, temperature = cache
    return p * (dp - (dp * p).sum(-1, keepdims=True)) HERE
"""


@pytest.mark.parametrize(("part", "verdict"), [("/ temperature", Verdict.PASS), ("", Verdict.FAIL)])
def test_what_a_candidate_takes_beyond_its_reference_is_judged_by_its_own_forward(
    part: str, verdict: Verdict
) -> None:
    (one,) = found_in(HEAD + SOFTENED.replace("HERE", part))
    assert one.candidate is not None
    judgement = judge(one.candidate)
    assert judgement.verdict is verdict, f"{judgement}"
    assert all("temperature=0.7" in f.message for f in judgement.findings), f"{judgement}"
