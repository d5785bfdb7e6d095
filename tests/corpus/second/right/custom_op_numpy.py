import numpy as np
import torch


@torch.library.custom_op("corpusright::softsign", mutates_args=())
def softsign(x: torch.Tensor) -> torch.Tensor:
    a = x.detach().numpy()
    return torch.from_numpy(a / (1 + np.abs(a)))


@softsign.register_fake
def _(x):
    return torch.empty_like(x)


def setup_context(ctx, inputs, output):
    ctx.save_for_backward(inputs[0])


def backward(ctx, grad):
    x, = ctx.saved_tensors
    return grad / (1 + x.abs()) ** 2


softsign.register_autograd(backward, setup_context=setup_context)


@torch.library.custom_op("corpusright::smooth_relu", mutates_args=())
def softplus(x: torch.Tensor) -> torch.Tensor:
    return torch.clamp(x, min=0) + torch.log1p(torch.exp(-torch.abs(x)))


def _backward(ctx, grad):
    x, = ctx.saved_tensors
    return grad * torch.sigmoid(x)


softplus.register_autograd(_backward, setup_context=setup_context)
