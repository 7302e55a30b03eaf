"""The case file of an appeal for people: one value, told once in blocks; as HTML, PDF and JSON, in a folder."""
