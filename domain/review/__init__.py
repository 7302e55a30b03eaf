"""From a history to the assessment of a request, and what changed since an assessment was seen."""
