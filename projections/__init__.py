"""Questions about what is on record, and their answers."""
