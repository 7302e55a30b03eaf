"""Bringing years of another record into the ledger: recorded now, happened then, each line once.

import_lines    what a line of the file says, and its published JSON Schema
import_intake   each line to a command, and a report of what was refused and why
assess_lines    cases to assess, one a line, without a ledger
"""
