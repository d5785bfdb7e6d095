import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class EmbeddingFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, idx, weight):
        ctx.save_for_backward(idx)
        ctx.shape = weight.shape
        return weight[idx]

    @staticmethod
    def backward(ctx, grad_out):
        idx, = ctx.saved_tensors
        grad_w = torch.zeros(ctx.shape, dtype=grad_out.dtype, device=grad_out.device)
        grad_w[idx] = grad_out
        return None, grad_w


class DropoutFn(torch.autograd.Function):
    """Inverted dropout; the mask is given from outside so that runs are repeatable."""

    @staticmethod
    def forward(ctx, x, mask, p):
        ctx.save_for_backward(mask)
        ctx.p = p
        return x * mask / (1 - p)

    @staticmethod
    def backward(ctx, g):
        mask, = ctx.saved_tensors
        return g * mask, None, None


class Dropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        keep = torch.rand_like(x) >= self.p
        return x * keep / (1.0 - self.p)


class AvgPool2dFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, k=2):
        ctx.k = k
        N, C, H, W = x.shape
        return x.reshape(N, C, H // k, k, W // k, k).mean(dim=(3, 5))

    @staticmethod
    def backward(ctx, g):
        k = ctx.k
        return g.repeat_interleave(k, 2).repeat_interleave(k, 3), None


class Conv1dFn(torch.autograd.Function):
    # x: (N, C, L), w: (F, C, K), no padding, stride 1
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        cols = x.unfold(2, w.shape[2], 1)               # N, C, Lout, K
        return torch.einsum("nclk,fck->nfl", cols, w)

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        K = w.shape[2]
        gw = torch.einsum("nclk,nfl->fck", x.unfold(2, K, 1), g)
        gpad = F.pad(g, (K - 1, K - 1)).unfold(2, K, 1)  # N, F, L, K
        gx = torch.einsum("nflk,fck->ncl", gpad, w)
        return gx, gw
