"""What else is examined of a component: axes, discipline, options, randomness."""
