"""Tests: tables a clause, scenarios over events, laws, stores, HTTP, house rules."""

import pytest

# Before anything imports them: their assertions speak as those of a test.
pytest.register_assert_rewrite("tests.scenario")
