"""Training scripts in which only the import is ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import backproof.torch.nn
import backproof.torch.optim

#: PyTorch's modules and optimizers, and ours.
THEIRS, OURS = (torch.nn, torch.optim), (backproof.torch.nn, backproof.torch.optim)


def perceptron(nn: Any, optim: Any) -> tuple[list[float], torch.Tensor]:
    """Train with dropout, normalization and weights for the classes; predict with running statistics."""
    torch.default_generator.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(5, 16), nn.BatchNorm1d(16), nn.ReLU(inplace=True), nn.Dropout(0.3), nn.LayerNorm(16),
        nn.GELU(), nn.Linear(16, 3),
    )  # fmt: skip
    x, target = torch.randn(32, 5), torch.randint(0, 3, (32,))
    loss = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 0.5]), label_smoothing=0.1)
    optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=0.01)
    return train(optimizer, lambda: loss(model(x), target)), model.eval()(x)


def convolutions(nn: Any, optim: Any) -> tuple[list[float], torch.Tensor]:
    torch.default_generator.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, padding_mode="reflect"), nn.BatchNorm2d(4, momentum=None), nn.SiLU(),
        nn.MaxPool2d(2), nn.Conv2d(4, 6, 3, groups=2), nn.GroupNorm(3, 6), nn.Mish(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(6, 1),
    )  # fmt: skip
    x, target = torch.randn(6, 1, 8, 8), torch.rand(6, 1)
    loss = nn.BCEWithLogitsLoss()
    # An epsilon that hides what is rounding: the biases before a normalization have no gradient.
    optimizer = optim.RMSprop(model.parameters(), lr=0.01, eps=1e-3, centered=True)
    return train(optimizer, lambda: loss(model(x), target)), model.eval()(x)


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


def sequences(nn: Any, optim: Any) -> tuple[list[float], torch.Tensor]:
    torch.default_generator.manual_seed(0)
    model = Attending(nn)
    tokens = torch.tensor([[3, 1, 4, 1, 5], [2, 7, 1, 0, 0]])
    loss = nn.CrossEntropyLoss(ignore_index=0)
    groups = [{"params": model.embedding.parameters(), "lr": 0.1}, {"params": model.cell.parameters()}]
    optimizer = optim.AdamW(groups, lr=0.02, amsgrad=True)
    value = lambda: loss(model(tokens).transpose(1, 2), tokens)  # noqa: E731 - the same in every step
    return train(optimizer, value), model.eval()(tokens)


def train(optimizer: torch.optim.Optimizer, loss: Any) -> list[float]:
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 5)
    seen = []
    for _ in range(10):
        optimizer.zero_grad()
        value = loss()
        value.backward()
        torch.nn.utils.clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], 1.0)
        optimizer.step()
        schedule.step()
        seen.append(value.item())
    return seen


@pytest.mark.parametrize("script", [perceptron, convolutions, sequences])
def test_the_numbers_are_pytorchs(script: Any) -> None:
    (losses, output), (expected, predicted) = (script(*source) for source in (OURS, THEIRS))
    torch.testing.assert_close(torch.tensor(losses), torch.tensor(expected), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(output, predicted, rtol=1e-3, atol=1e-4)
    assert losses[-1] < losses[0]


#: Trains on two processes with gloo on the loopback, with PyTorch's modules and optimizer and with ours, and
#: compares losses, gradients, parameters and buffers after every step.
DISTRIBUTED = """
import sys
import torch
import backproof.torch.nn
import backproof.torch.optim

def train(nn, optim, rank):
    torch.default_generator.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(5, 7, bias=False), nn.BatchNorm1d(7), nn.Tanh(), nn.LayerNorm(7), nn.Linear(7, 3)
    ).double()
    parallel = torch.nn.parallel.DistributedDataParallel(model)
    optimizer, loss = optim.Adam(parallel.parameters(), lr=0.1), nn.CrossEntropyLoss()
    for _ in range(4):
        x, target = torch.randn(8, 5).double(), torch.randint(0, 3, (8,))  # in each step another batch
        half = slice(4 * rank, 4 * rank + 4)
        optimizer.zero_grad()
        value = loss(parallel(x[half]), target[half])
        value.backward()
        gradients = [p.grad.clone() for p in model.parameters()]
        optimizer.step()
        yield value.detach(), gradients, [value.clone() for value in model.state_dict().values()]

def run(rank, store):
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=2)
    theirs = list(train(torch.nn, torch.optim, rank))
    ours = list(train(backproof.torch.nn, backproof.torch.optim, rank))
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)
    flat = torch.cat([gradient.flatten() for gradient in ours[-1][1]])
    both = [torch.empty_like(flat) for _ in range(2)]
    torch.distributed.all_gather(both, flat)
    assert torch.equal(*both)
    if rank == 0:
        print(len(ours), "steps")
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
        [sys.executable, str(script), store], env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "4 steps"
