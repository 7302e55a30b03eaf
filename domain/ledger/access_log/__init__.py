"""Who viewed which record: written before the answer is sent, read as a report."""
