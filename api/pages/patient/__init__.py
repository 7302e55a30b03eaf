"""The page of one patient and its actions."""
