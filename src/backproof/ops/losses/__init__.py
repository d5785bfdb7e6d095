"""Losses, one family a file: the value of each element; the reduction is `backproof.ops.reduction`."""
