"""What runs the steps of training: the loop hands it a model, a loss and an optimizer, and then batches."""
