"""Losses with analytic gradients (faster than autograd on my old GPU)."""
import torch
import torch.nn.functional as F


class MSELossFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, pred, target):
        ctx.save_for_backward(pred, target)
        return (pred - target).pow(2).mean()

    @staticmethod
    def backward(ctx, grad_output):
        pred, target = ctx.saved_tensors
        grad = 2.0 * (pred - target) * grad_output
        return grad, -grad


class BCEWithLogitsFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, logits, target):
        ctx.save_for_backward(logits, target)
        return (F.softplus(logits) - logits * target).mean()

    @staticmethod
    def backward(ctx, grad_output):
        logits, target = ctx.saved_tensors
        grad = (target - torch.sigmoid(logits)) / logits.numel()
        return grad_output * grad, -grad_output * logits / logits.numel()


class SoftmaxCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx, logits, labels):
        logp = logits - logits.logsumexp(dim=1, keepdim=True)
        ctx.save_for_backward(logp, labels)
        return -logp[torch.arange(len(labels)), labels].mean()

    @staticmethod
    def backward(ctx, grad_output):
        logp, labels = ctx.saved_tensors
        grad = logp.exp()
        grad[torch.arange(len(labels)), labels] -= 1
        # loss is the last node, so its gradient is just 1
        return grad / len(labels), None


class SmoothL1Fn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, pred, target, beta=1.0):
        d = pred - target
        ctx.save_for_backward(d)
        ctx.beta = beta
        a = d.abs()
        return torch.where(a < beta, 0.5 * d * d / beta, a - 0.5 * beta).mean()

    @staticmethod
    def backward(ctx, grad_output):
        d, = ctx.saved_tensors
        g = torch.where(d.abs() < ctx.beta, d / ctx.beta, torch.sign(d))
        g = g / d.shape[0]
        return g * grad_output, -g * grad_output, None


def cross_entropy(logits, labels):
    return SoftmaxCrossEntropy.apply(logits, labels)
