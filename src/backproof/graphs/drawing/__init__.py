"""Drawing: a graph as a picture, a table, a text, and step by step."""
