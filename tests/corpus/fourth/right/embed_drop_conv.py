import torch
import torch.nn as nn
import torch.nn.functional as F


class EmbeddingFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, idx, weight):
        ctx.save_for_backward(idx)
        ctx.n = weight.size(0)
        return weight[idx]

    @staticmethod
    def backward(ctx, g):
        idx, = ctx.saved_tensors
        gw = g.new_zeros(ctx.n, g.size(-1))
        gw.index_add_(0, idx.reshape(-1), g.reshape(-1, g.size(-1)))
        return None, gw


class MaskedDropoutFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, mask, p):
        ctx.save_for_backward(mask)
        ctx.scale = 1.0 / (1.0 - p)
        return x * mask * ctx.scale

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0] * ctx.scale, None, None


class Dropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        mask = (torch.rand_like(x) > self.p).to(x.dtype)
        return MaskedDropoutFn.apply(x, mask, self.p)


class AvgPool2dFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, k=2):
        ctx.k = k
        n, c, h, w = x.shape
        return x.view(n, c, h // k, k, w // k, k).mean((3, 5))

    @staticmethod
    def backward(ctx, g):
        k = ctx.k
        return g.repeat_interleave(k, 2).repeat_interleave(k, 3) / (k * k), None


class Conv2dFn(torch.autograd.Function):
    """stride 1, no padding, via unfold"""

    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w)
        kh, kw = w.shape[2:]
        ho, wo = x.shape[2] - kh + 1, x.shape[3] - kw + 1
        cols = F.unfold(x, (kh, kw))
        return (w.flatten(1) @ cols).view(x.shape[0], -1, ho, wo) + b.view(1, -1, 1, 1)

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        kh, kw = w.shape[2:]
        gm = g.flatten(2)
        gw = torch.einsum("nfl,nkl->fk", gm, F.unfold(x, (kh, kw))).view_as(w)
        gx = F.fold(w.flatten(1).t() @ gm, x.shape[2:], (kh, kw))
        return gx, gw, g.sum((0, 2, 3))
