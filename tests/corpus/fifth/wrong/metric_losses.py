import numpy as np


class TripletLoss:
    """ mean over batch of max(0, |a-p|^2 - |a-n|^2 + m) """

    def __init__(self, margin=1.0):
        self.m = margin

    def forward(self, anchor, positive, negative):
        self.a, self.p, self.n = anchor, positive, negative
        dp = ((anchor - positive) ** 2).sum(1)
        dn = ((anchor - negative) ** 2).sum(1)
        self.l = np.maximum(0, dp - dn + self.m)
        return self.l.mean()

    def backward(self):
        on = (self.l > 0)[:, None] / len(self.l)
        da = 2 * (self.n - self.p) * on
        dp = 2 * (self.a - self.p) * on
        dn = 2 * (self.a - self.n) * on
        return da, dp, dn


def contrastive_loss(x1, x2, y, margin=2.0):
    """y=1 same, y=0 different; L = 1/(2N) sum y d^2 + (1-y) max(m-d,0)^2.   -> loss, dx1, dx2"""
    diff = x1 - x2
    d = np.sqrt((diff ** 2).sum(1))
    hinge = np.maximum(margin - d, 0)
    N = len(y)
    loss = (y * d ** 2 + (1 - y) * hinge ** 2).sum() / (2 * N)
    g = (y[:, None] * diff - ((1 - y) * hinge)[:, None] * diff) / N
    return loss, g, -g


def cosine_loss(u, v):
    """ 1 - cos(u, v) averaged over the rows. returns loss, du, dv """
    nu = np.linalg.norm(u, axis=1, keepdims=True)
    nv = np.linalg.norm(v, axis=1, keepdims=True)
    c = (u * v).sum(1, keepdims=True) / (nu * nv)
    loss = np.mean(1 - c)
    n = len(u)
    du = -(v / (nu * nv) - c * u / nu ** 2) / n
    dv = -(u / (nu * nv) - c * v / nv ** 2) / n
    return loss, dv, du
