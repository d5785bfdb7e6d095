"""Each gradient against the derivative of the candidate's own forward, and what is wrong with it."""
