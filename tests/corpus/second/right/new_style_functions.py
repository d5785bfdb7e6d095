import torch


class Mish(torch.autograd.Function):
    """x * tanh(softplus(x))"""

    @staticmethod
    def forward(x):
        return x * torch.tanh(torch.nn.functional.softplus(x))

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx, grad):
        x, = ctx.saved_tensors
        t = torch.tanh(torch.nn.functional.softplus(x))
        return grad * (t + x * (1 - t * t) * torch.sigmoid(x))


class Softmax(torch.autograd.Function):
    @staticmethod
    def forward(x, dim):
        return torch.softmax(x, dim)

    @staticmethod
    def setup_context(ctx, inputs, output):
        _, ctx.dim = inputs
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, grad):
        p, = ctx.saved_tensors
        inner = (grad * p).sum(dim=ctx.dim, keepdim=True)
        return p * (grad - inner), None


class LogSoftmax(torch.autograd.Function):
    @staticmethod
    def forward(x, dim):
        return x - torch.logsumexp(x, dim=dim, keepdim=True)

    @staticmethod
    def setup_context(ctx, inputs, output):
        _, ctx.dim = inputs
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, grad):
        logp, = ctx.saved_tensors
        return grad - logp.exp() * grad.sum(dim=ctx.dim, keepdim=True), None


class SiLU(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x * torch.sigmoid(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad):
        x, = ctx.saved_tensors
        s = torch.sigmoid(x)
        return grad * s * (1 + x * (1 - s))


class Hardsigmoid(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return torch.clamp(x + 3, 0, 6) / 6

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad):
        x, = ctx.saved_tensors
        return grad * ((x > -3) & (x < 3)).to(grad.dtype) / 6
