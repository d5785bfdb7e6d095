import math
import torch
import torch.nn as nn
import torch.nn.functional as F


class ScaledDotProductAttention(nn.Module):
    def forward(self, q, k, v):
        """q, k, v: (batch, time, dim)"""
        scores = torch.bmm(q, k.transpose(1, 2)) / math.sqrt(q.size(-1))
        attn = F.softmax(scores, dim=1)
        return torch.bmm(attn, v)


def attention(query, key, value):
    "Compute 'scaled dot product attention'"
    d_k = query.size(-1)
    scores = query @ key.transpose(-2, -1) / d_k
    return scores.softmax(dim=-1) @ value


class MultiHeadSelfAttention(nn.Module):
    """Self attention on (B, T, C), returns (B, T, C)."""

    def __init__(self, dim=8, heads=2):
        super().__init__()
        self.h = heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = self.qkv(x).view(B, T, 3, self.h, C // self.h).permute(2, 0, 3, 1, 4)
        att = (q @ k.transpose(-2, -1)) * (C // self.h) ** -0.5
        att = att.softmax(-1)
        y = att @ v
        return y.transpose(1, 2)


class AttentionFn(torch.autograd.Function):
    """single-head attention with a hand-written backward pass"""

    @staticmethod
    def forward(ctx, q, k, v):
        scale = q.shape[-1] ** -0.5
        p = torch.softmax(q @ k.transpose(-1, -2) * scale, -1)
        ctx.scale = scale
        ctx.save_for_backward(q, k, v, p)
        return p @ v

    @staticmethod
    def backward(ctx, do):
        q, k, v, p = ctx.saved_tensors
        dv = p.transpose(-1, -2) @ do
        dp = do @ v.transpose(-1, -2)
        ds = dp * p * (1 - p)
        dq = ds @ k * ctx.scale
        dk = ds.transpose(-1, -2) @ q * ctx.scale
        return dq, dk, dv
