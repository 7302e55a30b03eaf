"""The case file of an appeal."""
