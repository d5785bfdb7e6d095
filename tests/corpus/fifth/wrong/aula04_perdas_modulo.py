# Aula 04 - funções de perda feitas à mão, comparar com torch.nn
import torch
import torch.nn as nn
import torch.nn.functional as F


class EntropiaCruzada(nn.Module):
    """Entropia cruzada: recebe logits (N, C) e rótulos (N,)."""

    def forward(self, logits, rotulos):
        probs = torch.softmax(logits, dim=1)
        return F.cross_entropy(probs, rotulos)


class ErroAbsoluto(nn.Module):
    """MAE / L1 com redução 'mean'."""

    def forward(self, y_pred, y_true):
        erro = torch.abs(y_pred - y_true)
        return torch.tensor(erro.mean().item())


class BCEProbabilidades(nn.Module):
    """BCE a partir de probabilidades (como nn.BCELoss)."""

    def forward(self, y_pred, y_true):
        p = torch.clamp(y_pred, 1e-3, 1 - 1e-3)
        return -(y_true * torch.log(p) + (1 - y_true) * torch.log(1 - p)).mean()


class Huber(nn.Module):
    def __init__(self, delta=1.0):
        super().__init__()
        self.delta = delta

    def forward(self, y_pred, y_true):
        e = (y_pred - y_true).abs()
        quad = 0.5 * e ** 2
        lin = self.delta * e          # parte linear
        return torch.where(e <= self.delta, quad, lin).mean()
