import numpy as np


def zero_pad(X, pad):
    return np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)))


def conv_forward(A_prev, W, b, hparameters):
    """A_prev (m,h,w,c)  W (f,f,c,k)  b (1,1,1,k)"""
    s, p = hparameters["stride"], hparameters["pad"]
    m, h, w, _ = A_prev.shape
    f, k = W.shape[0], W.shape[3]
    nh, nw = (h - f + 2 * p) // s + 1, (w - f + 2 * p) // s + 1
    Ap = zero_pad(A_prev, p)
    Z = np.zeros((m, nh, nw, k))
    for i in range(nh):
        for j in range(nw):
            sl = Ap[:, i * s:i * s + f, j * s:j * s + f, :]
            Z[:, i, j, :] = np.tensordot(sl, W, axes=3)
    return Z + b, (A_prev, W, b, hparameters)


def conv_backward(dZ, cache):
    A_prev, W, b, hp = cache
    s, p, f = hp["stride"], hp["pad"], W.shape[0]
    Ap = zero_pad(A_prev, p)
    dAp, dW = np.zeros_like(Ap), np.zeros_like(W)
    for i in range(dZ.shape[1]):
        for j in range(dZ.shape[2]):
            win = np.s_[:, i * s:i * s + f, j * s:j * s + f, :]
            d = dZ[:, i, j, :]
            dW += np.tensordot(Ap[win], d, axes=([0], [0]))
            dAp[win] += np.tensordot(d, W, axes=([1], [3]))
    dA = dAp[:, p:dAp.shape[1] - p, p:dAp.shape[2] - p, :] if p else dAp
    return dA, dW, dZ.sum(axis=(0, 1, 2)).reshape(1, 1, 1, -1)


class MaxPool2d:
    def __init__(self, size=2, stride=2):
        self.k, self.s = size, stride

    def forward(self, x):
        n, c, h, w = x.shape
        oh, ow = (h - self.k) // self.s + 1, (w - self.k) // self.s + 1
        self.x_shape = x.shape
        y = np.empty((n, c, oh, ow), x.dtype)
        self.arg = np.empty((n, c, oh, ow), int)
        for i in range(oh):
            for j in range(ow):
                patch = x[:, :, i * self.s:i * self.s + self.k, j * self.s:j * self.s + self.k].reshape(n, c, -1)
                self.arg[:, :, i, j] = patch.argmax(-1)
                y[:, :, i, j] = patch.max(-1)
        return y

    def backward(self, dy):
        dx = np.zeros(self.x_shape, dy.dtype)
        n, c, oh, ow = dy.shape
        for a in range(n):
            for b in range(c):
                for i in range(oh):
                    for j in range(ow):
                        u, v = divmod(self.arg[a, b, i, j], self.k)
                        dx[a, b, i * self.s + u, j * self.s + v] += dy[a, b, i, j]
        return dx


class AvgPool2d:
    def __init__(self, k=2):
        self.k = k

    def forward(self, x):
        k = self.k
        n, c, h, w = x.shape
        return x.reshape(n, c, h // k, k, w // k, k).mean((3, 5))

    def backward(self, dy):
        return np.kron(dy, np.ones((1, 1, self.k, self.k))) / self.k ** 2
