"""PyTorch modules and optimizers, made from the catalogue: `backproof.torch.nn`, `backproof.torch.optim`."""
