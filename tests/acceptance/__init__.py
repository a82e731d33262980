"""The whole job, as a user does it: real processes, real servers."""
