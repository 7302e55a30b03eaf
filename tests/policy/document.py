"""The clauses of the document, 2025-07-23, in its own order: what an edition has to answer."""

from __future__ import annotations

from pathlib import Path

POLICY = next(iter(sorted((Path(__file__).parents[3] / "shared" / "policy").glob("*.txt"))), None)
"""The document itself, where it is at hand: it is confidential and not in the repository."""

CLAUSES = (
    "1",
    "1.A", "1.A.i", "1.A.ii", "1.A.iii", "1.A.iii.a", "1.A.iii.b", "1.A.iii.c",
    "1.A.iii.d", "1.A.iii.d(1)", "1.A.iii.d(2)", "1.A.iii.d(3)", "1.A.iii.d(4)", "1.A.iv",
    "1.B", "1.B.i", "1.B.ii", "1.B.iii", "1.B.iii.a", "1.B.iii.b", "1.B.iv", "1.B.v",
    "Dosing.A", "Dosing.B",
    "NR.1", "NR.2", "NR.3", "NR.4", "NR.5",
)  # fmt: skip
