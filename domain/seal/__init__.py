"""The seal without its keeper: tree, entries, checkpoints, signed notes and proofs, after published formats only.

RFC 6962 and 9162 for the tree and its proofs; C2SP signed-note, tlog-checkpoint, tlog-proof, tlog-witness and
tlog-tiles for what is written down. Nothing here reads a clock, a file or randomness.
"""
