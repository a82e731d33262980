"""Public fakes and conformance kits."""
