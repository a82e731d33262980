"""The shape of the code: sizes, layers, public names, docs."""
