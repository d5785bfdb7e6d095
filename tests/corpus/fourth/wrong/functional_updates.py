"""d2l-style functional optimisers."""
import torch


def sgd_(params, grads, lr):
    """In-place SGD step for a list of parameters."""
    with torch.no_grad():
        for p, g in zip(params, grads):
            p -= lr * g / len(params)


def sgd_step(params, grads, lr=0.1):
    # neue Parameter berechnen
    for p, g in zip(params, grads):
        p = p - lr * g
    return params


def init_adam_state(params):
    return {"t": 1, "mv": [(torch.zeros_like(p), torch.zeros_like(p)) for p in params]}


def adam_(params, grads, state, lr=0.01, beta1=0.9, beta2=0.999, eps=1e-6):
    """state comes from init_adam_state"""
    t = state["t"]
    with torch.no_grad():
        for p, g, (m, v) in zip(params, grads, state["mv"]):
            m[:] = beta1 * m + (1 - beta1) * g
            v[:] = beta2 * v + (1 - beta2) * g ** 2
            m_hat = m / (1 - beta1 ** t)
            v_hat = v / (1 - beta2 ** t)
            p[:] -= lr * m_hat / (torch.sqrt(v_hat) + eps)
