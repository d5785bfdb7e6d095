import numpy as np


def conv_forward_naive(x, w, b, conv_param):
    """x (N,C,H,W), w (F,C,HH,WW), b (F,)"""
    pad, stride = conv_param["pad"], conv_param["stride"]
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    Ho = 1 + (H + 2 * pad - HH) // stride
    Wo = 1 + (W + 2 * pad - WW) // stride
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.zeros((N, F, Ho, Wo))
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    a, c = i * stride, j * stride
                    out[n, f, i, j] = np.sum(xp[n, :, a:a + HH, c:c + WW] * w[f]) + b[f]
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    pad, stride = conv_param["pad"], conv_param["stride"]
    N, F, Ho, Wo = dout.shape
    HH, WW = w.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dxp, dw = np.zeros_like(xp), np.zeros_like(w)
    db = dout.sum(axis=(0, 2, 3))
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    a, c = i * stride, j * stride
                    dw[f] += dout[n, f, i, j] * xp[n, :, a:a + HH, c:c + WW]
                    dxp[n, :, a:a + HH, c:c + WW] += dout[n, f, i, j] * w[f]
    return dxp, dw, db


class AvgPool:
    def __init__(self, k=2):
        self.k = k

    def forward(self, x):
        N, C, H, W = x.shape
        k = self.k
        self.in_shape = x.shape
        return x.reshape(N, C, H // k, k, W // k, k).mean(axis=(3, 5))

    def backward(self, dout):
        # every pixel of the window gets the gradient of its output
        return dout.repeat(self.k, axis=2).repeat(self.k, axis=3)


class Conv1x1:
    def __init__(self, c_in, c_out):
        self.w = np.random.RandomState(0).randn(c_out, c_in)
        self.b = np.zeros(c_out)

    def forward(self, x):
        self.x = x
        return np.einsum("oc,nchw->nohw", self.w, x) + self.b[None, :, None, None]

    def backward(self, dout):
        self.dw = np.einsum("nohw,nchw->oc", dout, self.x)
        self.db = dout.sum(axis=0)
        return np.einsum("oc,nohw->nchw", self.w, dout)
