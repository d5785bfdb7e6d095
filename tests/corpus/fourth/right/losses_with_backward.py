"""Verluste mit analytischem Gradienten."""
import torch
import torch.nn.functional as F


class MSELossFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, pred, target):
        ctx.save_for_backward(pred, target)
        return F.mse_loss(pred, target)

    @staticmethod
    def backward(ctx, g):
        pred, target = ctx.saved_tensors
        d = 2 * (pred - target) / pred.numel() * g
        return d, -d


class SoftmaxCrossEntropyFn(torch.autograd.Function):
    """mean over the batch; labels are class indices"""

    @staticmethod
    def forward(ctx, logits, labels):
        z = logits - logits.max(dim=1, keepdim=True).values
        logp = z - z.exp().sum(dim=1, keepdim=True).log()
        ctx.save_for_backward(logp, labels)
        return F.nll_loss(logp, labels)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g):
        logp, labels = ctx.saved_tensors
        grad = logp.exp()
        grad[torch.arange(grad.shape[0]), labels] -= 1
        return g * grad / grad.shape[0], None


class HalfSquaredError(torch.autograd.Function):
    """1/2 * sum of squares"""

    @staticmethod
    def forward(ctx, y, t):
        ctx.save_for_backward(y, t)
        return 0.5 * ((y - t) ** 2).sum()

    @staticmethod
    def backward(ctx, g):
        y, t = ctx.saved_tensors
        return g * (y - t), g * (t - y)


class BCEWithLogitsFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z, y):
        ctx.save_for_backward(z, y)
        return (z.clamp(min=0) - z * y + torch.log1p(torch.exp(-z.abs()))).mean()

    @staticmethod
    def backward(ctx, g):
        z, y = ctx.saved_tensors
        gz = gy = None
        if ctx.needs_input_grad[0]:
            gz = g * (torch.sigmoid(z) - y) / z.numel()
        if ctx.needs_input_grad[1]:
            gy = -g * z / z.numel()
        return gz, gy
