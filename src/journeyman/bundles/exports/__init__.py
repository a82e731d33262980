"""Sessions in the forms of others: ATIF, Inspect's logs, rows to train from. All are made of one reading of the events."""
