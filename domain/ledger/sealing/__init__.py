"""The seal as it is kept: leaves and checkpoints in the store, the signer's key and memory outside of it."""
