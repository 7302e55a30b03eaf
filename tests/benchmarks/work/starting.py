"""How long a command takes from its start to its end, compared with an interpreter that imports its libraries."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from api.demo import ZONE, fill
from domain.events.patient import Member
from domain.ledger.application import open_ledger
from tests import ROOT
from tests.benchmarks.measuring import microseconds, rounds, timed
from tests.benchmarks.ratios import Figure, Goal, figure, paired

LIBRARIES: Final = "import pydantic, typer, rich, eventsourcing.persistence, psycopg"
PROGRAM: Final = "import sys; sys.argv[0] = 'lemtrada-ledger'; from api.cli.main import main; main()"
OUTPUT: Final = "audit.ndjson"
"""In place of the name of a new file."""
OF_HELP: Final = Goal(1.3, at_most=True)
OF_A_QUESTION: Final = Goal(2, at_most=True)


def starting(number: int) -> Iterator[Figure]:
    """Every side has its compiled bytecode on disk, as an installed program has after its first run."""
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'demo.sqlite'}"
        fill(url, zone=ZONE)
        with open_ledger(url) as ledger:
            patient, appealed = (ledger.find(Member(member_id=one)) for one in ("DEMO-0003", "DEMO-0024"))
        commands = {
            "--help": ["--help"],
            "explain": ["explain", "1.B.iv"],
            "eligibility": ["eligibility", "DEMO-0003"],
            "history": ["history", "DEMO-0003"],
            "courses": ["courses", "DEMO-0003"],
            "request": ["request", f"{patient}.r1"],
            "appeal": ["appeal", f"{appealed}.a1"],
            "worklist": ["worklist"],
            "audit-events": ["audit-events", "--member", "DEMO-0003", "--output", OUTPUT],
            "provenance": ["provenance", "--member", "DEMO-0003", "--output", OUTPUT],
        }
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"LEMTRADA_DATABASE": url, "PYTHONPYCACHEPREFIX": str(Path(folder) / "bytecode")}
        sides = {"floor": [LIBRARIES], **{name: [PROGRAM, *arguments] for name, arguments in commands.items()}}
        taken = rounds(
            {name: partial(_seconds, code, environment, Path(folder)) for name, code in sides.items()}, number
        )
    for name in commands:
        times = {"ours_us": microseconds(taken[name]), "floor_us": microseconds(taken["floor"])}
        goal = OF_HELP if name == "--help" else OF_A_QUESTION
        yield figure(f"start of `{name}`", paired(taken[name], taken["floor"]), goal, **times)


def _seconds(code: list[str], environment: Mapping[str, str], folder: Path) -> float:
    output = folder / OUTPUT
    output.unlink(missing_ok=True)
    call = [sys.executable, "-c", *(str(output) if one == OUTPUT else one for one in code)]
    return timed(lambda: subprocess.run(call, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL))
