"""The worklist: its rows, pages and tables, and the runner that keeps the tables current."""
