import torch
import torch.nn as nn


class TripletMarginLoss(nn.Module):
    def __init__(self, margin=1.0):
        super().__init__()
        self.margin = margin

    def forward(self, anchor, positive, negative):
        d_pos = (anchor - positive).pow(2).sum(1)
        d_neg = (anchor - negative).pow(2).sum(1)
        return torch.relu(d_pos - d_neg + self.margin).mean()


class MultiMarginLoss(nn.Module):
    """Multi-class hinge loss; y are class indices."""

    def __init__(self, margin=1.0):
        super().__init__()
        self.margin = margin

    def forward(self, x, y):
        right = x.gather(1, y.unsqueeze(1))
        h = torch.clamp(self.margin - right + x, min=0)
        return (h.sum(1) / x.size(1)).mean()


class NLLLoss(nn.Module):
    def forward(self, log_probs, target):
        return -log_probs[:, target].mean()


class HuberLoss(nn.Module):
    """quadratic near zero, linear beyond delta"""

    def __init__(self, delta=1.0):
        super(HuberLoss).__init__()
        self.delta = delta

    def forward(self, y_pred, y_true):
        a = torch.abs(y_pred - y_true)
        return torch.where(a < self.delta, 0.5 * a ** 2, self.delta * (a - 0.5 * self.delta)).mean()


class CrossEntropyLoss(nn.Module):
    """cross entropy from logits with class indices"""

    def forward(self, logits, target):
        logp = torch.log_softmax(logits, dim=0)
        return -logp.gather(1, target[:, None]).mean()
