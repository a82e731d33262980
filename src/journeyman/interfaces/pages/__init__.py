"""Reports as pages that people open in a browser."""
