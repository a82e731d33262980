"""The final report, from the record alone, and its texts."""
