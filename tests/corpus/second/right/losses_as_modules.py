import torch
import torch.nn as nn


class CrossEntropyLoss(nn.Module):
    def forward(self, logits, target):
        lse = torch.logsumexp(logits, dim=1)
        return (lse - logits.gather(1, target.unsqueeze(1)).squeeze(1)).mean()


class SmoothL1Loss(nn.Module):
    def __init__(self, beta=1.0):
        super().__init__()
        self.beta = beta

    def forward(self, y_pred, y_true):
        d = (y_pred - y_true).abs()
        return torch.where(d < self.beta, 0.5 * d * d / self.beta, d - 0.5 * self.beta).mean()


class TripletMarginLoss(nn.Module):
    def __init__(self, margin=1.0):
        super().__init__()
        self.margin = margin

    def forward(self, anchor, positive, negative):
        d_ap = torch.linalg.vector_norm(anchor - positive + 1e-6, dim=-1)
        d_an = torch.linalg.vector_norm(anchor - negative + 1e-6, dim=-1)
        return torch.clamp(d_ap - d_an + self.margin, min=0).mean()


class SquaredLoss(nn.Module):
    """squared error, summed"""

    def forward(self, y_pred, y_true):
        return ((y_pred - y_true) ** 2).sum()


class KLDivLoss(nn.Module):
    """log_q: log-probabilities, p: probabilities; divided by the batch size"""

    def __init__(self, reduction="batchmean"):
        super().__init__()
        if reduction not in ("batchmean", "sum"):
            raise ValueError(reduction)
        self.reduction = reduction

    def forward(self, log_q, p):
        total = (torch.xlogy(p, p) - p * log_q).sum()
        return total / p.shape[0] if self.reduction == "batchmean" else total


class MarginRankingLoss(nn.Module):
    def __init__(self, margin=0.0):
        super().__init__()
        self.margin = margin

    def forward(self, x1, x2, y):
        return torch.clamp(-y * (x1 - x2) + self.margin, min=0).mean()
