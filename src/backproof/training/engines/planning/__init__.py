"""Plans: a computation on NumPy, done once and noted, to be done again without being looked at."""
