"""Files of lines: imports of another record into the ledger, and cases to assess.

An imported event keeps the day on which it happened and is recorded at the time of the import. Each line is imported
only once.

import_lines    the fields of a line, and their published JSON Schema
import_intake   makes a command from each line, and reports which lines were refused and why
assess_lines    assesses one case on each line, without a ledger
"""
