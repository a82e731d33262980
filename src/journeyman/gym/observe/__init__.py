"""What each role observes, as arrays over a batch, as plain numbers of one world, as features and as log lines."""
