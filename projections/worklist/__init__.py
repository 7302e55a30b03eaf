"""The worklist: rows, listing and tables, and the runner that keeps the tables current."""
