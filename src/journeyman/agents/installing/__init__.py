"""The guard's hook and skill in the files of coding agents: put there, found there, taken out; nothing else is touched."""
