"""The case file of an appeal: one value, described once in blocks, and written as HTML, PDF and JSON in a folder."""
