# exercise 5: "use numpy inside of an autograd function"
import numpy as np
import torch


class CubeNumpy(torch.autograd.Function):
    """ y = x^3, computed by numpy """

    @staticmethod
    def forward(ctx, x):
        a = x.detach().numpy()
        ctx.a = a
        return torch.from_numpy(np.asarray(a ** 3))

    @staticmethod
    def backward(ctx, g):
        d = torch.from_numpy(np.asarray(3 * ctx.a ** 2))
        return g * d
