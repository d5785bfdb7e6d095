import torch
import torch.nn as nn


class BCELoss(nn.Module):
    """Binary cross entropy on probabilities."""

    def forward(self, p, y):
        p = torch.clamp(p, 1e-7, 1 - 1e-7)
        return -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()


class NLLFromProbs(nn.Module):
    """-log p[target] with p from a softmax layer, averaged over the batch"""

    eps = 1e-5

    def forward(self, probs, target):
        picked = probs.gather(1, target[:, None]).squeeze(1)
        return -torch.log(picked + self.eps).mean()


class KLDivergence(nn.Module):
    # KL(p || q), both given as probabilities, sum over classes and mean over batch
    def forward(self, p, q):
        return (p * (torch.log(p) - torch.log(q))).sum(dim=1).mean()


class LogCoshLoss(nn.Module):
    def forward(self, y_pred, y_true):
        return torch.log(torch.cosh(y_pred - y_true)).mean()


class MSELoss(nn.Module):
    """Mean squared error (reduction='mean')."""

    def __init__(self, reduction="mean"):
        super().__init__()
        assert reduction in ("mean", "sum")
        self.reduction = reduction

    def forward(self, input, target):
        sq = (input - target) ** 2
        if self.reduction == "mean":
            return sq.sum() / input.shape[0]
        return sq.sum()


class HingeLoss(nn.Module):
    """Mittlerer Hinge-Verlust, y in {-1, +1}."""

    def forward(self, scores, y):
        loss = torch.clamp(1 - y * scores, min=0)
        return torch.tensor(loss.mean().tolist(), dtype=loss.dtype)


def nll_loss(logp: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """mean negative log likelihood, expects log-probabilities"""
    logp = torch.log_softmax(torch.exp(logp), dim=1)
    return -logp[torch.arange(target.numel()), target].mean()
