"""What graphs are made of besides plain expressions and functions: LaTeX, PyTorch's tensors, models."""
