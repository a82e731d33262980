"""The benchmarks' own machinery, and small runs of those that are quick."""
