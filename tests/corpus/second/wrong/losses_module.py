import torch
import torch.nn as nn
import torch.nn.functional as F


class CrossEntropyLoss(nn.Module):
    def forward(self, outputs, labels):
        probs = F.softmax(outputs, dim=1)
        return F.cross_entropy(probs, labels)


class MSELoss(nn.Module):
    def forward(self, y_pred, y_true):
        loss = ((y_pred - y_true) ** 2).mean()
        return torch.tensor(loss.item(), requires_grad=True)


class L1Loss(nn.Module):
    def __init__(self, reduction="mean"):
        super().__init__()
        self.reduction = reduction

    def forward(self, y_pred, y_true):
        diff = torch.abs(y_pred - y_true)
        return diff.sum()


class SmoothL1Loss(nn.Module):
    def __init__(self, beta: float = 1.0):
        super().__init__()
        self.beta = beta

    def forward(self, y_pred, y_true):
        d = torch.abs(y_pred - y_true)
        loss = torch.where(d < self.beta, 0.5 * d ** 2 / self.beta, d)
        return loss.mean()


class HingeEmbeddingLoss(nn.Module):
    """target is 1 or -1"""

    def __init__(self, margin=1.0):
        super().__init__()
        self.margin = margin

    def forward(self, x, target):
        pos = x
        neg = F.relu(self.margin - x)
        return torch.where(target == 1, pos, neg).mean(dim=-1)


class MarginRankingLoss(nn.Module):
    def __init__(self, margin=0.0):
        super().__init__()
        self.margin = margin

    def forward(self, input1, input2, target):
        return torch.clamp(target * (input1 - input2) + self.margin, min=0).mean()
