"""The judgement of an optimizer: how it treats what it is given, and the path it takes."""
