import numpy as np


def sgd(params, grads, lr=0.1):
    """params, grads: dicts"""
    for k in params:
        params[k] -= lr * grads[k] / len(params)
    return params


class MomentumDict:
    def __init__(self, lr=0.01, momentum=0.9):
        self.lr = lr
        self.momentum = momentum
        self.v = 0

    def update(self, params, grads):
        for key in params:
            self.v = self.momentum * self.v + grads[key]
            params[key] -= self.lr * self.v


def init_adam_state(params):
    z = {k: np.zeros_like(v) for k, v in params.items()}
    return {"m": z, "v": {k: np.zeros_like(v) for k, v in params.items()}, "t": 0}


def adam_update(params, grads, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"]
    for k in params:
        state["m"][k] = beta1 * state["m"][k] + (1 - beta1) * grads[k]
        state["v"][k] = beta2 * state["v"][k] + (1 - beta2) * grads[k] ** 2
        mh = state["m"][k] / (1 - beta1 ** (t + 1))
        vh = state["v"][k] / (1 - beta2 ** (t + 1))
        params[k] = params[k] - lr * mh / (np.sqrt(vh) + eps)
    return params, state
