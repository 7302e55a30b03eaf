"""The assessment of a request from a patient's history, and the changes since an assessment was shown."""
