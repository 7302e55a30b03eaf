"""The seal as pure functions: tree, entries, checkpoints, signed notes and proofs, in published formats only.

The tree and its proofs follow RFC 6962 and RFC 9162. The texts follow C2SP signed-note, tlog-checkpoint, tlog-proof,
tlog-witness and tlog-tiles. The code uses no clock, no file and no randomness.
"""
