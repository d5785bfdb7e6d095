import numpy as np


class Function:
    """One op: remembers its parents and what `backward` needs."""

    def __init__(self, *parents):
        self.parents = parents
        self.saved = ()

    def save(self, *arrays):
        self.saved = arrays

    @classmethod
    def apply(cls, *tensors, **kw):
        fn = cls(*tensors)
        out = Tensor(fn.forward(*(t.data for t in tensors), **kw))
        out._fn = fn
        return out

    def forward(self, *a, **kw):
        raise NotImplementedError

    def backward(self, g):
        raise NotImplementedError


def unbroadcast(g, shape):
    while g.ndim > len(shape):
        g = g.sum(0)
    for ax, n in enumerate(shape):
        if n == 1 and g.shape[ax] != 1:
            g = g.sum(ax, keepdims=True)
    return g


class Add(Function):
    def forward(self, x, y):
        self.save(x.shape, y.shape)
        return x + y

    def backward(self, g):
        sx, sy = self.saved
        return unbroadcast(g, sx), unbroadcast(g, sy)


class Mul(Function):
    def forward(self, x, y):
        self.save(x, y)
        return x * y

    def backward(self, g):
        x, y = self.saved
        return unbroadcast(g * y, x.shape), unbroadcast(g * x, y.shape)


class MatMul(Function):
    def forward(self, a, b):
        self.save(a, b)
        return a @ b

    def backward(self, g):
        a, b = self.saved
        return g @ b.swapaxes(-1, -2), a.swapaxes(-1, -2) @ g


class ReLU(Function):
    def forward(self, x):
        out = np.maximum(x, 0)
        self.save(out)
        return out

    def backward(self, g):
        # the output is positive exactly where the input was
        (out,) = self.saved
        return np.where(out > 0, g, 0)


class Sigmoid(Function):
    def forward(self, x):
        self.save(0.5 * (1 + np.tanh(0.5 * x)))
        return self.saved[0]

    def backward(self, g):
        y, = self.saved
        return g * (y - y * y)


class LogSoftmax(Function):
    def forward(self, x):
        m = x.max(axis=-1, keepdims=True)
        lse = m + np.log(np.exp(x - m).sum(axis=-1, keepdims=True))
        self.save(np.exp(x - lse))
        return x - lse

    def backward(self, g):
        p, = self.saved
        return g - p * g.sum(axis=-1, keepdims=True)


class Tensor:
    def __init__(self, data):
        self.data = np.asarray(data)
        self.grad = None
        self._fn = None

    def __add__(self, o): return Add.apply(self, o)
    def __mul__(self, o): return Mul.apply(self, o)
    def __matmul__(self, o): return MatMul.apply(self, o)
    def relu(self): return ReLU.apply(self)
    def sigmoid(self): return Sigmoid.apply(self)
    def log_softmax(self): return LogSoftmax.apply(self)

    def backward(self, g=None):
        topo, seen = [], set()

        def visit(t):
            if id(t) in seen:
                return
            seen.add(id(t))
            if t._fn is not None:
                for p in t._fn.parents:
                    visit(p)
            topo.append(t)

        visit(self)
        self.grad = np.ones_like(self.data) if g is None else g
        for t in reversed(topo):
            if t._fn is None:
                continue
            grads = t._fn.backward(t.grad)
            grads = grads if isinstance(grads, tuple) else (grads,)
            for p, pg in zip(t._fn.parents, grads):
                p.grad = pg if p.grad is None else p.grad + pg
