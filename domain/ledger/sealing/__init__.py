"""Sealing: leaves and checkpoints in the store, and the signer's key and last checkpoint outside of it."""
