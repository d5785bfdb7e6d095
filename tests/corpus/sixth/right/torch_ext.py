"""Custom ops in the two-staticmethod style (forward + setup_context), functorch-ready."""
import torch
from torch import Tensor
from torch.autograd import Function
import torch.nn.functional as F


class SiLUFn(Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return x * torch.sigmoid(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        (x,) = inputs
        ctx.save_for_backward(x)
        ctx.save_for_forward(x)

    @staticmethod
    def backward(ctx, g: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return g * torch.addcmul(s, s, x * (1 - s))

    @staticmethod
    def jvp(ctx, t: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return t * (s + x * s * (1 - s))


class TanhFn(Function):
    @staticmethod
    def forward(x):
        return torch.tanh(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        # the output, not the input: keeps one tensor alive instead of two
        ctx.save_for_backward(output)

    @staticmethod
    def vmap(info, in_dims, x):
        return TanhFn.apply(x), in_dims[0]

    @staticmethod
    def backward(ctx, g):
        y, = ctx.saved_tensors
        return g * (1 - y * y)


class LinearFn(Function):
    @staticmethod
    def forward(x, weight, bias=None):
        y = x.mm(weight.t())
        return y if bias is None else y + bias

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, weight, bias = inputs
        ctx.save_for_backward(x, weight)
        ctx.has_bias = bias is not None

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        need_x, need_w, need_b = ctx.needs_input_grad
        gx = g.mm(weight) if need_x else None
        gw = g.t().mm(x) if need_w else None
        gb = g.sum(0) if need_b and ctx.has_bias else None
        return gx, gw, gb


class BCEWithLogitsFn(Function):
    """Mean binary cross-entropy of logits."""

    @staticmethod
    def forward(ctx, logits, target):
        ctx.save_for_backward(logits, target)
        per = logits.clamp(min=0) - logits * target + torch.log1p(torch.exp(-logits.abs()))
        return per.mean()

    @staticmethod
    def backward(ctx, g):
        logits, target = ctx.saved_tensors
        scale = g / logits.numel()
        grad_target = -logits * scale if ctx.needs_input_grad[1] else None
        return (torch.sigmoid(logits) - target) * scale, grad_target


class StraightSoftmax(Function):
    """Softmax along `dim`; the Jacobian is diag(p) - p p^T."""

    @staticmethod
    def forward(ctx, x, dim=-1):
        p = torch.exp(x - torch.logsumexp(x, dim, keepdim=True))
        ctx.dim = dim
        ctx.save_for_backward(p)
        return p

    @staticmethod
    def backward(ctx, g):
        p, = ctx.saved_tensors
        inner = (g * p).sum(ctx.dim, keepdim=True)
        return (g - inner) * p, None


class GLU(torch.nn.Module):
    """Halves the last axis: first half gated by the sigmoid of the second.
    `backward` documents the rule, autograd does the training."""

    def forward(self, x):
        a, b = x.chunk(2, dim=-1)
        self._saved = (a.detach(), torch.sigmoid(b).detach())
        return a * torch.sigmoid(b)

    def backward(self, grad):
        a, s = self._saved
        return torch.cat([grad * s, grad * a * s * (1 - s)], dim=-1)
