import numpy as np


def triplet(a, p, n, margin=0.5):
    """sum over the batch; -> L, (da, dp, dn)"""
    L = np.sum((a - p) ** 2, -1) - np.sum((a - n) ** 2, -1) + margin
    k = 2.0 * (L > 0)[:, None]
    return L[L > 0].sum(), (k * (n - p), k * (p - a), k * (a - n))


class ContrastiveLoss:
    # label 1: dissimilar pair (as in Hadsell et al.)
    def __init__(self, m=2.0):
        self.m = m

    def forward(self, x1, x2, Y):
        self.diff = x1 - x2
        self.D = np.linalg.norm(self.diff, axis=1)
        self.Y = Y
        return np.mean(0.5 * (1 - Y) * self.D ** 2 + 0.5 * Y * np.clip(self.m - self.D, 0, None) ** 2)

    def backward(self):
        c = (1 - self.Y) - self.Y * np.clip(self.m - self.D, 0, None) / self.D
        dx1 = c[:, None] * self.diff / len(self.Y)
        return dx1, -dx1


class CosineSimilarity:
    def forward(self, u, v):
        self.un = u / np.linalg.norm(u, axis=-1, keepdims=True)
        self.vn = v / np.linalg.norm(v, axis=-1, keepdims=True)
        self.lu, self.lv = np.linalg.norm(u, axis=-1, keepdims=True), np.linalg.norm(v, axis=-1, keepdims=True)
        self.c = np.sum(self.un * self.vn, -1)
        return self.c

    def backward(self, g):
        g, c = g[..., None], self.c[..., None]
        return g * (self.vn - c * self.un) / self.lu, g * (self.un - c * self.vn) / self.lv
