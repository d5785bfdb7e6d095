"""Data: datasets, the batches made of them, and what people have otherwise."""
