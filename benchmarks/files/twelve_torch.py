"""Twelve components in PyTorch, as somebody might write them."""

import torch
from torch import nn


class L1Loss(nn.Module):
    def forward(self, prediction, target):
        return (prediction - target).abs().mean()


class L2Loss(nn.Module):
    def forward(self, prediction, target):
        return ((prediction - target) ** 2).mean()


class BCELoss(nn.Module):
    def forward(self, probability, target):
        p = probability.clamp(1e-7, 1 - 1e-7)
        return -(target * p.log() + (1 - target) * (1 - p).log()).mean()


class CELoss(nn.Module):
    def forward(self, logits, target):
        p = torch.softmax(logits, dim=1)
        return -(p[torch.arange(len(target)), target] + 1e-7).log().mean()


class ReLU(nn.Module):
    def forward(self, x):
        self.on = x > 0
        return x * self.on

    def backward(self, grad_output):
        return grad_output * self.on


class Sigmoid(nn.Module):
    def forward(self, x):
        self.y = 1 / (1 + torch.exp(-x))
        return self.y

    def backward(self, grad_output):
        return grad_output * self.y * (1 - self.y)


class Tanh(nn.Module):
    def forward(self, x):
        self.x = x
        return torch.tanh(x)

    def backward(self, grad_output):
        return grad_output * (1 - self.x**2)


class Softmax(nn.Module):
    def forward(self, x, dim=-1):
        return torch.softmax(x, dim=dim)


class GradientDescent:
    def __init__(self, parameters, learning_rate):
        self.parameters = list(parameters)
        self.learning_rate = learning_rate

    @torch.no_grad()
    def step(self):
        for p in self.parameters:
            if p.grad is not None:
                p -= self.learning_rate * p.grad

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None


class SGD(GradientDescent):
    pass


class Momentum(GradientDescent):
    def __init__(self, parameters, learning_rate, momentum=0.9):
        super().__init__(parameters, learning_rate)
        self.momentum = momentum
        self.velocity = [torch.zeros_like(p) for p in self.parameters]

    @torch.no_grad()
    def step(self):
        for p, v in zip(self.parameters, self.velocity):
            if p.grad is not None:
                v.mul_(self.momentum).add_(p.grad)
                p -= self.learning_rate * v


class Adam(GradientDescent):
    def __init__(self, parameters, learning_rate=0.001, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(parameters, learning_rate)
        self.betas, self.eps, self.t = betas, eps, 0
        self.m = [torch.zeros_like(p) for p in self.parameters]
        self.v = [torch.zeros_like(p) for p in self.parameters]

    @torch.no_grad()
    def step(self):
        self.t += 1
        for p, m, v in zip(self.parameters, self.m, self.v):
            if p.grad is not None:
                m.mul_(self.betas[0]).add_(p.grad, alpha=1 - self.betas[0])
                v.mul_(self.betas[1]).add_(p.grad**2, alpha=1 - self.betas[1])
                p -= self.learning_rate * m / (v.sqrt() + self.eps)
