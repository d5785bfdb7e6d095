import torch
import torch.nn as nn

EPS = 1e-7


class BCELoss(nn.Module):
    """Binary cross entropy for probabilities. Predictions are clipped, so that the log exists."""

    def forward(self, y_hat, y):
        y_hat = torch.clamp(y_hat, 1e-6, 1 - 1e-6)
        return -(y * torch.log(y_hat) + (1 - y) * torch.log(1 - y_hat)).mean()


class BCEWithLogitsLoss(nn.Module):
    def forward(self, logits, y):
        p = torch.sigmoid(logits)
        return -torch.mean(y * torch.log(p + EPS) + (1 - y) * torch.log(1 - p + EPS))


class CrossEntropy(nn.Module):
    def forward(self, logits, target):
        p = torch.softmax(logits, dim=-1)
        picked = p.gather(1, target.view(-1, 1)).squeeze(1)
        return -torch.log(picked + 1e-8).mean()


class StableSigmoid(nn.Module):
    """Sigmoid whose exponent is limited so that exp never overflows."""

    def forward(self, x):
        z = torch.clamp(x, -10.0, 10.0)
        return 1.0 / (1.0 + torch.exp(-z))
