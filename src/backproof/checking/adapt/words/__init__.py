"""What code says of itself before it runs: names, signatures, definitions."""
