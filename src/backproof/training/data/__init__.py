"""Data: datasets, the batches made of them, and what people have otherwise.

The names are those of ``torch.utils.data``.

Examples
--------
>>> import numpy as np
>>> from backproof import data
>>> dataset = data.TensorDataset(np.arange(10.0)[:, None], np.arange(10))
>>> training, testing = data.random_split(dataset, [0.8, 0.2], seed=0)
>>> loader = data.DataLoader(training, batch_size=4, shuffle=True)
>>> [len(target) for input, target in loader]
[4, 4]
"""

from backproof.training.data.collate import default_collate
from backproof.training.data.dataset import ConcatDataset, Dataset, Subset, TensorDataset, random_split
from backproof.training.data.loader import DataLoader

__all__ = [
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "Subset",
    "TensorDataset",
    "default_collate",
    "random_split",
]
