import torch


class CrossEntropyFunction(torch.autograd.Function):
    """mean over the batch; labels are class indices"""

    @staticmethod
    def forward(ctx, logits, labels):
        logp = torch.log_softmax(logits, dim=1)
        ctx.save_for_backward(logp.exp(), labels)
        return -logp[torch.arange(len(labels)), labels].mean()

    @staticmethod
    def backward(ctx, grad_output):
        p, labels = ctx.saved_tensors
        grad = p.clone()
        grad[torch.arange(len(labels)), labels] -= 1
        return grad * grad_output, None


class MSELossFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, y_pred, y):
        diff = y_pred - y
        ctx.save_for_backward(y_pred, y)
        return (diff ** 2).mean()

    @staticmethod
    def backward(ctx, grad_output):
        y_pred, y = ctx.saved_tensors
        g = grad_output * (y_pred - y) / y_pred.numel()
        return g, -g


class BCEWithLogitsFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, logits, targets):
        ctx.save_for_backward(logits, targets)
        loss = logits.clamp(min=0) - logits * targets + torch.log1p(torch.exp(-logits.abs()))
        return loss.mean()

    @staticmethod
    def backward(ctx, grad_output):
        logits, targets = ctx.saved_tensors
        grad = (targets - torch.sigmoid(logits)) / logits.numel()
        return grad * grad_output, None


class HuberFunction(torch.autograd.Function):
    DELTA = 1.35

    @staticmethod
    def forward(ctx, prediction, target):
        d = HuberFunction.DELTA
        r = prediction - target
        ctx.save_for_backward(prediction, target)
        a = r.abs()
        return torch.where(a <= d, 0.5 * r * r, d * (a - 0.5 * d)).mean()

    @staticmethod
    def backward(ctx, grad_output):
        prediction, target = ctx.saved_tensors
        r = prediction - target
        g = torch.where(r.abs() <= HuberFunction.DELTA, r, torch.sign(r)) / r.numel()
        return grad_output * g, -grad_output * g


class L1LossFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input, target):
        ctx.save_for_backward(input, target)
        return (input - target).abs().mean()

    @staticmethod
    def backward(ctx, grad_output):
        input, target = ctx.saved_tensors
        grad = torch.sign(input - target) / input.numel()
        return grad, -grad
