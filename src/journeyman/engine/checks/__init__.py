"""Checks that the engine makes itself: facts about files, and commands on pristine copies."""
