"""Tasks for people and programs: what is said becomes a mission's contract, is run, followed, and put out."""
