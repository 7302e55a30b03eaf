"""Reads the deadlines of the plan from the file that `LEMTRADA_DEADLINES` names, once, when a ledger is opened."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from domain.deadline_terms.table import BUILT_IN, DeadlineTable
from domain.errors import InvalidCommand
from domain.ledger.errors import StoreError

DEADLINES: Final = "LEMTRADA_DEADLINES"


def deadlines_in(environment: Mapping[str, str] = os.environ) -> DeadlineTable:
    """The table with the rows of the file, or the built-in table if no file is named.

    Raises StoreError, which names the file, and the row and the field that are wrong.
    """
    name = environment.get(DEADLINES, "").strip()
    if not name:
        return BUILT_IN
    # Only a plan with rows of its own needs the module that reads them, which is slow to import.
    from domain.deadline_terms.plan_rows import table_from  # noqa: PLC0415

    try:
        # Editors on Windows write a byte order mark, which is no part of the text.
        text = Path(name).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise StoreError(
            f"The file of deadlines {name} can't be read: {error.strerror}", f"correct {DEADLINES}, or remove it"
        ) from None
    except UnicodeDecodeError:
        raise StoreError(f"The file of deadlines {name} is not UTF-8", "save it as UTF-8") from None
    try:
        return table_from(text)
    except InvalidCommand as error:
        raise StoreError(f"The file of deadlines {name} is invalid: {error.cause_and_place}", error.remedy) from None
