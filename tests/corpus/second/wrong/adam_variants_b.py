# Adam, dreimal umgeschrieben (Uebungsblatt 7)
import torch


class AdamBetas(torch.optim.Optimizer):
    """Adam mit betas = (0.9, 0.999)"""

    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))

    @torch.no_grad()
    def step(self):
        for gruppe in self.param_groups:
            beta2, beta1 = gruppe["betas"]
            for p in gruppe["params"]:
                if p.grad is None:
                    continue
                z = self.state[p]
                if len(z) == 0:
                    z["t"], z["m"], z["v"] = 0, torch.zeros_like(p), torch.zeros_like(p)
                z["t"] += 1
                z["m"] = beta1 * z["m"] + (1 - beta1) * p.grad
                z["v"] = beta2 * z["v"] + (1 - beta2) * p.grad ** 2
                m = z["m"] / (1 - beta1 ** z["t"])
                v = z["v"] / (1 - beta2 ** z["t"])
                p -= gruppe["lr"] * m / (v.sqrt() + gruppe["eps"])


class AdamWurzel(torch.optim.Optimizer):
    """Adam, Nenner ausgeschrieben"""

    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))

    @torch.no_grad()
    def step(self):
        for gruppe in self.param_groups:
            beta1, beta2 = gruppe["betas"]
            for p in gruppe["params"]:
                if p.grad is None:
                    continue
                z = self.state[p]
                if len(z) == 0:
                    z["t"], z["m"], z["v"] = 0, torch.zeros_like(p), torch.zeros_like(p)
                z["t"] += 1
                z["m"] = beta1 * z["m"] + (1 - beta1) * p.grad
                z["v"] = beta2 * z["v"] + (1 - beta2) * p.grad ** 2
                m = z["m"] / (1 - beta1 ** z["t"])
                v = z["v"] / (1 - beta2 ** z["t"])
                p -= gruppe["lr"] * m / (v + gruppe["eps"])


class AdamSchritt(torch.optim.Optimizer):
    """Adam; der Schrittzaehler gehoert zum Optimierer"""

    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))
        self.t = 1

    @torch.no_grad()
    def step(self):
        t = self.t
        for gruppe in self.param_groups:
            beta1, beta2 = gruppe["betas"]
            for p in gruppe["params"]:
                if p.grad is None:
                    continue
                z = self.state[p]
                if len(z) == 0:
                    z["m"], z["v"] = torch.zeros_like(p), torch.zeros_like(p)
                z["m"] = beta1 * z["m"] + (1 - beta1) * p.grad
                z["v"] = beta2 * z["v"] + (1 - beta2) * p.grad ** 2
                m = z["m"] / (1 - beta1 ** t)
                v = z["v"] / (1 - beta2 ** t)
                p -= gruppe["lr"] * m / (v.sqrt() + gruppe["eps"])
        t += 1
