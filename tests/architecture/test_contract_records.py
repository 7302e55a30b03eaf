"""What is recorded does not change: events, commands, digests, rows and SQL names."""

from __future__ import annotations

from tests.architecture.contract import check


def test_every_stored_topic_has_its_published_fields() -> None:
    """Topics, class versions and stored fields in their order.

    `tests/ledger/test_mapper.py` holds the exact bytes of sample events against `tests/golden/events`.
    """
    check("events")


def test_every_command_has_its_class_name_and_fields() -> None:
    """The request digest covers the class name of the command and its JSON, in the order of the fields."""
    check("commands")


def test_every_edition_has_its_digest_and_what_the_digest_is_over() -> None:
    """Editions, revisions and digests of sample assessments.

    `tests/policy/editions/test_digests.py` pins the digest of each revision too. `tests/policy/fingerprints.txt` with
    `tests/policy/editions/test_fingerprints.py` pins the answers of each rule of each revision, and
    `tests/policy/editions/test_revisions.py` that no revision is lost.
    """
    check("policy")


def test_the_rows_of_a_small_ledger_are_the_same_to_the_byte() -> None:
    """Written with a fixed clock and fixed randomness: event bytes, stream ids, request digests, seal hashes."""
    check("rows")


def test_the_sql_names_of_both_stores_are_the_published_ones() -> None:
    """Tables, columns, indexes, triggers, the function, and what a serving role may do."""
    check("sql")
