"""The known mistakes, as substitutions in references, and the search for the one that fits."""
