"""Following a forward with a tangent, to tell which step of the chain rule a backward gets wrong."""
