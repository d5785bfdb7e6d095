"""Some activations as autograd functions, following the 'extending PyTorch' page."""
import torch
from torch.autograd import Function


class MyReLU(Function):

    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return input.clamp(min=0)

    @staticmethod
    def backward(ctx, grad_output):
        grad_input = grad_output.clone()
        grad_input[grad_output < 0] = 0
        return grad_input


class MySigmoid(Function):

    @staticmethod
    def forward(ctx, input):
        output = torch.sigmoid(input)
        ctx.save_for_backward(input)
        return output

    @staticmethod
    def backward(ctx, grad_output):
        s, = ctx.saved_tensors
        return grad_output * s * (1 - s)


class MyTanh(Function):

    @staticmethod
    def forward(ctx, input):
        out = torch.tanh(input)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx, grad_output):
        x, = ctx.saved_tensors
        return grad_output * (1 - torch.tanh(x) ** 2)


class MyLeakyReLU(Function):

    @staticmethod
    def forward(ctx, input, negative_slope=0.01):
        ctx.save_for_backward(input)
        ctx.negative_slope = negative_slope
        return torch.where(input > 0, input, negative_slope * input)

    @staticmethod
    def backward(ctx, grad_output):
        input, = ctx.saved_tensors
        grad_input = grad_output.clone()
        grad_input[input <= 0] = 0
        return grad_input, None


class MyELU(Function):

    @staticmethod
    def forward(ctx, input, alpha=1.0):
        output = torch.where(input > 0, input, alpha * torch.expm1(input.clamp(max=0)))
        ctx.save_for_backward(output)
        ctx.alpha = alpha
        return output

    @staticmethod
    def backward(ctx, grad_output):
        output, = ctx.saved_tensors
        slope = torch.where(output > 0, torch.ones_like(output), ctx.alpha * torch.exp(output.clamp(max=0)))
        return grad_output * slope, None


class MySoftplus(Function):

    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return torch.clamp(input, min=0) + torch.log1p(torch.exp(-input.abs()))

    @staticmethod
    def backward(ctx, grad_output):
        input, = ctx.saved_tensors
        return torch.sigmoid(input)
