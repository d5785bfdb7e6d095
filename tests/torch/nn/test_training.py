"""Training scripts in which only the import is ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import backproof.torch.nn as ours

MODULES = [torch.nn, ours]


def perceptron(nn: Any) -> tuple[list[float], torch.Tensor]:
    """Train with dropout, normalization and weights for the classes; predict with running statistics."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(5, 16), nn.BatchNorm1d(16), nn.ReLU(inplace=True), nn.Dropout(0.3), nn.LayerNorm(16),
        nn.GELU(), nn.Linear(16, 3),
    )  # fmt: skip
    x, target = torch.randn(32, 5), torch.randint(0, 3, (32,))
    loss = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 0.5]), label_smoothing=0.1)
    return train(model, lambda: loss(model(x), target)), model.eval()(x)


def convolutions(nn: Any) -> tuple[list[float], torch.Tensor]:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, padding_mode="reflect"), nn.BatchNorm2d(4, momentum=None), nn.SiLU(),
        nn.MaxPool2d(2), nn.Conv2d(4, 6, 3, groups=2), nn.GroupNorm(3, 6), nn.Mish(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(6, 1),
    )  # fmt: skip
    x, target = torch.randn(6, 1, 8, 8), torch.rand(6, 1)
    loss = nn.BCEWithLogitsLoss()
    return train(model, lambda: loss(model(x), target)), model.eval()(x)


class Attending(torch.nn.Module):
    def __init__(self, nn: Any) -> None:
        super().__init__()
        self.embedding = nn.Embedding(11, 8, padding_idx=0)
        self.attention = nn.MultiheadAttention(8, 2, dropout=0.1, batch_first=True)
        self.norm, self.cell, self.out = nn.RMSNorm(8), nn.LSTMCell(8, 6), nn.Linear(6, 11)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.embedding(tokens)
        attended, _ = self.attention(x, x, x, key_padding_mask=tokens == 0)
        x, state, outputs = self.norm(x + attended), None, []
        for step in range(x.shape[1]):
            state = self.cell(x[:, step], state)
            outputs.append(self.out(state[0]))
        return torch.stack(outputs, 1)


def sequences(nn: Any) -> tuple[list[float], torch.Tensor]:
    torch.manual_seed(0)
    model = Attending(nn)
    tokens = torch.tensor([[3, 1, 4, 1, 5], [2, 7, 1, 0, 0]])
    loss = nn.CrossEntropyLoss(ignore_index=0)
    return train(model, lambda: loss(model(tokens).transpose(1, 2), tokens)), model.eval()(tokens)


def train(model: torch.nn.Module, loss: Any) -> list[float]:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    seen = []
    for _ in range(10):
        optimizer.zero_grad()
        value = loss()
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        seen.append(value.item())
    return seen


@pytest.mark.parametrize("script", [perceptron, convolutions, sequences])
def test_the_numbers_are_pytorchs(script: Any) -> None:
    (losses, output), (expected, predicted) = (script(nn) for nn in (ours, torch.nn))
    torch.testing.assert_close(torch.tensor(losses), torch.tensor(expected), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(output, predicted, rtol=1e-3, atol=1e-4)
    assert losses[-1] < losses[0]


#: Trains on two processes with gloo on the loopback; prints a checksum of gradients and parameters.
DISTRIBUTED = """
import sys
import torch
import backproof.torch.nn as nn

def run(rank, store):
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=2)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 7), nn.BatchNorm1d(7), nn.Tanh(), nn.Linear(7, 3))
    parallel = torch.nn.parallel.DistributedDataParallel(model)
    optimizer, loss = torch.optim.SGD(model.parameters(), lr=0.1), nn.CrossEntropyLoss()
    x, target = torch.randn(8, 5), torch.arange(8) % 3
    half = slice(4 * rank, 4 * rank + 4)
    for _ in range(3):
        optimizer.zero_grad()
        loss(parallel(x[half]), target[half]).backward()
        optimizer.step()
    flat = torch.cat([p.detach().flatten() for p in model.parameters()])
    both = [torch.empty_like(flat) for _ in range(2)]
    torch.distributed.all_gather(both, flat)
    assert torch.equal(*both)
    if rank == 0:
        print("equal", model[0].weight.grad.abs().sum().item() > 0)
    torch.distributed.destroy_process_group()

if __name__ == "__main__":
    torch.multiprocessing.spawn(run, (sys.argv[1],), nprocs=2)
"""


def test_distributed_data_parallel(tmp_path: Path) -> None:
    """The processes meet in a file, so no port needs to be free."""
    script = tmp_path / "distributed.py"
    script.write_text(DISTRIBUTED)
    store = (tmp_path / "store").as_uri()
    environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(script), store], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "equal True"
