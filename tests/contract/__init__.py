"""Our own adapters against the public conformance kits."""
