"""Components by the way they are written: a forward with its gradients, each behind the narrow call."""
