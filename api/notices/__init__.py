"""Letters as PDF files. Their content is computed from the record in `projections/letters.py`."""
