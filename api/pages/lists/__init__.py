"""Pages that list: start, worklist, patients, reports."""
