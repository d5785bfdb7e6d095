"""Components in the ways people write them, right, and what makes each wrong: what is replaced, by what."""

from __future__ import annotations

#: The code, the name of the candidate, a replacement that makes it wrong, and for which argument.
WRITTEN: dict[str, tuple[str, str, tuple[str, str], str]] = {
    "a loss that returns its gradient too": (
        """
        def softmax_loss(x, y):
            z = x - x.max(axis=1, keepdims=True)
            logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
            rows = np.arange(len(x))
            dx = np.exp(logp)
            dx[rows, y] -= 1
            return -logp[rows, y].mean(), dx / len(x)
        """,
        "softmax_loss",
        ("dx / len(x)", "dx / x.size"),
        "input",
    ),
    "a model whose loss returns a dictionary of gradients": (
        """
        class TwoLayers:
            def __init__(self, n_in=4, n_hidden=6, n_classes=3):
                rng = np.random.default_rng(0)
                self.params = {
                    "W1": rng.normal(size=(n_in, n_hidden)), "b1": np.zeros(n_hidden),
                    "W2": rng.normal(size=(n_hidden, n_classes)), "b2": np.zeros(n_classes),
                }
            def loss(self, X, y=None):
                p, n = self.params, len(X)
                h = np.tanh(X @ p["W1"] + p["b1"])
                s = h @ p["W2"] + p["b2"]
                if y is None:
                    return s
                logp = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
                ds = np.exp(logp)
                ds[np.arange(n), y] -= 1
                ds /= n
                dh = ds @ p["W2"].T * (1 - h**2)
                grads = {"W2": h.T @ ds, "b2": ds.sum(0), "W1": X.T @ dh, "b1": dh.sum(0)}
                return -logp[np.arange(n), y].mean(), grads
        """,
        "TwoLayers",
        ("(1 - h**2)", "(1 - h)"),
        'self.params["W1"]',
    ),
    "static methods with a context": (
        """
        class Function:
            pass
        class Sigmoid(Function):
            @staticmethod
            def forward(ctx, a):
                y = 1 / (1 + np.exp(-a))
                ctx.save_for_backward(y)
                return y
            @staticmethod
            def backward(ctx, grad_output):
                y, = ctx.saved_tensors
                return grad_output * y * (1 - y)
        """,
        "Sigmoid",
        ("grad_output * y * (1 - y)", "y * (1 - y)"),
        "input",
    ),
    "a step of an LSTM with two states": (
        """
        def step_forward(x, prev_h, prev_c, Wx, Wh, b):
            a = x @ Wx + prev_h @ Wh + b
            i, f, o, g = np.split(a, 4, axis=1)
            i, f, o, g = (1 / (1 + np.exp(-i)), 1 / (1 + np.exp(-f)), 1 / (1 + np.exp(-o)), np.tanh(g))
            c = f * prev_c + i * g
            return o * np.tanh(c), c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, np.tanh(c))
        def step_backward(dnext_h, dnext_c, cache):
            x, prev_h, prev_c, Wx, Wh, i, f, o, g, t = cache
            dc = dnext_c + dnext_h * o * (1 - t**2)
            da = np.hstack([dc * g * i * (1 - i), dc * prev_c * f * (1 - f), dnext_h * t * o * (1 - o),
                            dc * i * (1 - g**2)])
            return da @ Wx.T, da @ Wh.T, dc * f, x.T @ da, prev_h.T @ da, da.sum(axis=0)
        """,
        "step_forward",
        ("prev_h.T @ da", "-prev_h.T @ da"),
        "Wh",
    ),
    "a cell that is handed its arrays": (
        """
        class RNNCell:
            def __init__(self, Wx, Wh, b):
                self.params, self.grads = [Wx, Wh, b], [None, None, None]
            def forward(self, x, h_prev):
                Wx, Wh, b = self.params
                self.x, self.h_prev, self.h = x, h_prev, np.tanh(x @ Wx + h_prev @ Wh + b)
                return self.h
            def backward(self, dh):
                Wx, Wh, b = self.params
                dt = dh * (1 - self.h**2)
                self.grads = [self.x.T @ dt, self.h_prev.T @ dt, dt.sum(axis=0)]
                return dt @ Wx.T, dt @ Wh.T
        """,
        "RNNCell",
        ("self.h_prev.T @ dt", "2 * self.h_prev.T @ dt"),
        "weight_hh",
    ),
    "attention": (
        """
        class Attention:
            def forward(self, q, k, v):
                self.q, self.k, self.v, self.scale = q, k, v, 1 / np.sqrt(q.shape[-1])
                s = q @ k.swapaxes(-1, -2) * self.scale
                e = np.exp(s - s.max(axis=-1, keepdims=True))
                self.a = e / e.sum(axis=-1, keepdims=True)
                return self.a @ v
            def backward(self, dout):
                da = dout @ self.v.swapaxes(-1, -2)
                ds = self.a * (da - (self.a * da).sum(-1, keepdims=True)) * self.scale
                return ds @ self.k, ds.swapaxes(-1, -2) @ self.q, self.a.swapaxes(-1, -2) @ dout
        """,
        "Attention",
        ("keepdims=True)) * self.scale", "keepdims=True))"),
        "query",
    ),
    "a convolution with a dictionary of settings": (
        """
        def conv_forward_naive(x, w, b, conv_param):
            s, p = conv_param["stride"], conv_param["pad"]
            xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
            k = w.shape[2]
            oh, ow = (xp.shape[2] - k) // s + 1, (xp.shape[3] - k) // s + 1
            out = np.zeros((len(x), len(w), oh, ow))
            for i in range(oh):
                for j in range(ow):
                    part = xp[:, :, i*s:i*s+k, j*s:j*s+k]
                    out[:, :, i, j] = np.tensordot(part, w, ((1, 2, 3), (1, 2, 3))) + b
            return out, (x, w, b, conv_param)
        def conv_backward_naive(dout, cache):
            x, w, b, conv_param = cache
            s, p = conv_param["stride"], conv_param["pad"]
            xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
            k, dxp, dw = w.shape[2], np.zeros_like(xp), np.zeros_like(w)
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    dw += np.tensordot(dout[:, :, i, j], xp[:, :, i*s:i*s+k, j*s:j*s+k], ((0,), (0,)))
                    dxp[:, :, i*s:i*s+k, j*s:j*s+k] += np.tensordot(dout[:, :, i, j], w, ((1,), (0,)))
            return dxp[:, :, p:p+x.shape[2], p:p+x.shape[3]], dw, dout.sum(axis=(0, 2, 3))
        """,
        "conv_forward_naive",
        ("axis=(0, 2, 3)", "axis=(2, 3)"),
        "b",
    ),
    "batch normalisation handed gamma and beta": (
        """
        class BatchNormalization:
            def __init__(self, gamma, beta, momentum=0.9):
                self.gamma, self.beta, self.momentum = gamma, beta, momentum
                self.running_mean = None
            def forward(self, x, train_flg=True):
                if self.running_mean is None:
                    self.running_mean = np.zeros(x.shape[1])
                self.xhat = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)
                self.std = np.sqrt(x.var(0) + 1e-5)
                return self.gamma * self.xhat + self.beta
            def backward(self, dout):
                self.dbeta, self.dgamma = dout.sum(axis=0), (dout * self.xhat).sum(axis=0)
                g = dout * self.gamma
                return (g - g.mean(0) - self.xhat * (g * self.xhat).mean(0)) / self.std
        """,
        "BatchNormalization",
        ("(g - g.mean(0) - self.xhat * (g * self.xhat).mean(0))", "g"),
        "input",
    ),
    "a pool that needs sides it divides": (
        """
        class AvgPool2d:
            def __init__(self, k=2):
                self.k = k
            def forward(self, x):
                n, c, h, w = x.shape
                return x.reshape(n, c, h // self.k, self.k, w // self.k, self.k).mean(axis=(3, 5))
            def backward(self, dout):
                return np.kron(dout, np.ones((1, 1, self.k, self.k))) / self.k**2
        """,
        "AvgPool2d",
        (" / self.k**2", ""),
        "input",
    ),
    "dropout with a generator of its own": (
        """
        class Dropout:
            def __init__(self, rate=0.5, seed=None):
                self.rate, self.rng = rate, np.random.default_rng(seed)
            def forward(self, x):
                self.mask = (self.rng.random(x.shape) >= self.rate) / (1 - self.rate)
                return x * self.mask
            def backward(self, dout):
                return dout * self.mask
        """,
        "Dropout",
        ("return dout * self.mask", "return dout * (self.mask > 0)"),
        "input",
    ),
    "one slope for all channels": (
        """
        class PReLU:
            def __init__(self):
                self.params = {"weight": np.full(1, 0.25)}
                self.grads = {}
            def forward(self, x):
                self.x = x
                return np.where(x > 0, x, self.params["weight"] * x)
            def backward(self, g):
                self.grads["weight"] = np.array([np.sum(g * np.minimum(self.x, 0))])
                return np.where(self.x > 0, g, self.params["weight"] * g)
        """,
        "PReLU",
        ("np.sum(g * np", "-np.sum(g * np"),
        "weight",
    ),
    "a layer nobody knows": (
        """
        class Gate:
            def __init__(self, n_in, n_out, rng):
                self.U, self.V = rng.normal(size=(n_in, n_out)), rng.normal(size=(n_in, n_out))
            def forward(self, x):
                self.x, self.u, self.v = x, x @ self.U, x @ self.V
                return self.u * self.v
            def backward(self, g):
                self.dU, self.dV = self.x.T @ (g * self.v), self.x.T @ (g * self.u)
                return (g * self.v) @ self.U.T + (g * self.u) @ self.V.T
        """,
        "Gate",
        (
            "self.dV = self.x.T @ (g * self.v), self.x.T @ (g * self.u)",
            "self.dV = self.x.T @ (g * self.v), -self.x.T @ (g * self.u)",
        ),
        "self.V",
    ),
    "a function of tensors": (
        """
        def softplus(x):
            return torch.logaddexp(x, torch.zeros_like(x))
        """,
        "softplus",
        ("x, torch", "2 * x, torch"),
        "",
    ),
    "a cell whose weights are drawn from a shared generator": (
        """
        class RNNCell:
            def __init__(self, n_in, n_hid, rng=np.random.default_rng(1)):
                self.Wx, self.Wh = rng.normal(size=(n_in, n_hid)), rng.normal(size=(n_hid, n_hid))
                self.b = np.zeros(n_hid)
            def forward(self, x, h):
                self.x, self.h = x, h
                self.y = np.tanh(x @ self.Wx + h @ self.Wh + self.b)
                return self.y
            def backward(self, dh):
                dt = dh * (1 - self.y**2)
                self.dWx, self.dWh, self.db = self.x.T @ dt, self.h.T @ dt, dt.sum(axis=0)
                return dt @ self.Wx.T, dt @ self.Wh.T
        """,
        "RNNCell",
        ("dt @ self.Wh.T", "dh @ self.Wh.T"),
        "hx",
    ),
}
