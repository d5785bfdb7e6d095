import torch
from torch import Tensor


@torch.library.custom_op("blindd_right::squareplus", mutates_args=())
def squareplus(x: Tensor, b: float = 4.0) -> Tensor:
    return 0.5 * (x + torch.sqrt(x * x + b))


@squareplus.register_fake
def _(x, b=4.0):
    return torch.empty_like(x)


def _setup(ctx, inputs, output):
    x, ctx.b = inputs
    ctx.save_for_backward(x)


def _backward(ctx, grad):
    (x,) = ctx.saved_tensors
    return grad * 0.5 * (1 + x / torch.sqrt(x * x + ctx.b)), None


squareplus.register_autograd(_backward, setup_context=_setup)
