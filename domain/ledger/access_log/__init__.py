"""The access log: the accesses to patient records. It is written before the answer is sent, and read as a report."""
