"""functional optimisers, state is owned by the caller"""
import torch


@torch.no_grad()
def sgd_(params, grads, lr):
    for p, g in zip(params, grads):
        p.sub_(g, alpha=lr)


def momentum_(params, grads, velocities, lr, mu=0.9):
    with torch.no_grad():
        for p, g, v in zip(params, grads, velocities):
            v.mul_(mu).add_(g)
            p.sub_(lr * v)


def init_adam(params):
    return {"t": 0, "m": [torch.zeros_like(p) for p in params], "v": [torch.zeros_like(p) for p in params]}


@torch.no_grad()
def adam_(params, grads, state, lr=1e-3, b1=0.9, b2=0.999, eps=1e-8):
    state["t"] += 1
    t = state["t"]
    for p, g, m, v in zip(params, grads, state["m"], state["v"]):
        m.mul_(b1).add_(g, alpha=1 - b1)
        v.mul_(b2).addcmul_(g, g, value=1 - b2)
        p -= lr * (m / (1 - b1 ** t)) / ((v / (1 - b2 ** t)).sqrt() + eps)
