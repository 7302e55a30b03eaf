"""Bringing years of another record into the ledger: recorded now, happened then, each line once.

lines    what a line of the file says, and its published JSON Schema
claims   the same from claim lines as CSV
intake   each line to a command, and a report of what was refused and why
"""
