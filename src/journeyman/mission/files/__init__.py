"""Mission files and drafts: from text to a mission."""
