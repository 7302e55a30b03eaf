"""Ratios to floors that are measured in the same run: `lemtrada-ledger-bench` runs them, pytest does not."""
