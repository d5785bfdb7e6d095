import torch


def cosine_embedding_loss(x1, x2, y, margin=0.0):
    """y = 1: pull together, y = -1: push apart. Mean over the batch."""
    sim = (x1 * x2).sum(1) / (x1.norm(dim=1) * x2.norm(dim=1))
    pos = 1 - sim
    neg = torch.clamp(sim - margin, min=0)
    return torch.where(y == 1, pos, neg).sum()


def gaussian_nll_loss(mean, target, var):
    return 0.5 * (torch.log(var) + (target - mean) ** 2 / torch.sqrt(var)).mean()


def poisson_nll_loss(log_rate, target):
    """log_input=True, without the Stirling term"""
    return (torch.exp(log_rate) - target * log_rate.detach()).mean()


def kl_div_loss(log_q, p):
    """batchmean"""
    return (torch.xlogy(p, p) - p * log_q).mean()


def soft_margin_loss(x, y):
    return torch.log1p(torch.exp(-y * x)).mean()
