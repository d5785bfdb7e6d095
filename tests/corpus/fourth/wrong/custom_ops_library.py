"""Custom ops registered with torch.library so that torch.compile does not break the graph."""
import torch
from torch import Tensor


@torch.library.custom_op("blindd_wrong::gelu_tanh", mutates_args=())
def gelu_tanh(x: Tensor) -> Tensor:
    return 0.5 * x * (1 + torch.tanh(0.7978845608028654 * (x + 0.044715 * x ** 3)))


@gelu_tanh.register_fake
def _(x):
    return torch.empty_like(x)


def _gelu_setup(ctx, inputs, output):
    ctx.save_for_backward(inputs[0])


def _gelu_backward(ctx, grad):
    (x,) = ctx.saved_tensors
    u = 0.7978845608028654 * (x + 0.044715 * x ** 3)
    t = torch.tanh(u)
    du = 0.7978845608028654 * (1 + 3 * 0.044715 * x)
    return grad * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * du)


gelu_tanh.register_autograd(_gelu_backward, setup_context=_gelu_setup)


@torch.library.custom_op("blindd_wrong::squareplus", mutates_args=())
def squareplus(x: Tensor, b: float = 4.0) -> Tensor:
    return 0.5 * (x + torch.sqrt(x * x + b))


def _sp_setup(ctx, inputs, output):
    x, b = inputs
    ctx.b = b
    ctx.save_for_backward(x)


def _sp_backward(ctx, grad):
    (x,) = ctx.saved_tensors
    return 0.5 * (1 + x / torch.sqrt(x * x + ctx.b)), None


squareplus.register_autograd(_sp_backward, setup_context=_sp_setup)
