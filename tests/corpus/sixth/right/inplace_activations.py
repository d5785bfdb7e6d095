"""Activations with optional `out=`; without it a fresh array is allocated. float32 stays float32."""
import numpy as np


class Activation:
    registry: dict = {}

    def __init_subclass__(cls, **kw):
        super().__init_subclass__(**kw)
        Activation.registry[cls.__name__.lower()] = cls

    def __call__(self, x, out=None):
        return self.forward(x, out=out)


class ReLU(Activation):
    def forward(self, x, out=None):
        self.mask = x >= 0      # the subgradient at the kink is taken from the right
        return np.multiply(x, self.mask, out=out)

    def backward(self, dy, out=None):
        return np.multiply(dy, self.mask, out=out)


class HardTanh(Activation):
    def __init__(self, lo=-1.0, hi=1.0):
        self.lo, self.hi = lo, hi

    def forward(self, x, out=None):
        self.inside = (x > self.lo) & (x < self.hi)
        return np.clip(x, self.lo, self.hi, out=out)

    def backward(self, dy, out=None):
        return np.multiply(dy, self.inside, out=out)


class SELU(Activation):
    ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805

    def forward(self, x, out=None):
        self.x = x
        y = np.where(x > 0, x, self.ALPHA * np.expm1(np.minimum(x, 0)))
        return np.multiply(self.SCALE, y, out=out)

    def backward(self, dy, out=None):
        slope = np.where(self.x > 0, 1, self.ALPHA * np.exp(np.minimum(self.x, 0)))
        return np.multiply(dy, self.SCALE * slope.astype(dy.dtype), out=out)


class Softsign(Activation):
    def forward(self, x, out=None):
        self.d = 1 + np.abs(x)
        return np.divide(x, self.d, out=out)

    def backward(self, dy, out=None):
        return np.divide(dy, self.d * self.d, out=out)


class Mish(Activation):
    def forward(self, x, out=None):
        self.x = x
        self.t = np.tanh(np.logaddexp(x, 0 * x))
        return np.multiply(x, self.t, out=out)

    def backward(self, dy, out=None):
        s = 1 / (1 + np.exp(-np.clip(self.x, -80, 80)))
        return np.multiply(dy, self.t + self.x * s * (1 - self.t**2), out=out)
