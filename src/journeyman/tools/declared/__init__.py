"""Tools that a mission file itself describes: programs and HTTP requests."""
