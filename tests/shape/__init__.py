"""The shape of the code: sizes, floors, public names, docs."""
