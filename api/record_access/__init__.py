"""The only way to read a patient record: visibility is checked and the access is recorded."""
