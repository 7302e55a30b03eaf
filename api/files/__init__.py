"""Files of lines: imports of another record into the ledger, and cases to assess.

An imported event keeps the day on which it happened and is recorded at the time of the import. Each line is imported
only once.

import_lines      the fields of a line, and their published JSON Schema
import_intake     makes a command from each line, and reports which lines were refused and why
import_reading    reads a line, and says what is wrong with one that cannot be read
import_members    finds the patient whom a line is about
same_lines        finds what is on record and says the same as a line
claims_csv        reads claim lines from CSV
claim_fields      the values of a claim line, in the spellings of feeds
claim_lines       makes the command of a claim line
claim_results     what became of a claim line
earlier_imports   recognizes a line that another import recorded
assess_lines      assesses one case on each line, without a ledger
"""
