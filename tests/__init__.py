"""Tests: tables for each clause, scenarios over events, laws, stores, HTTP, pages, and rules for the code itself."""

from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
"""The checkout."""

# Before anything imports them: their assertions explain themselves as those of a test do.
pytest.register_assert_rewrite("tests.story.scenario")
