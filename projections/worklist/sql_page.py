"""A page of the worklist from its tables: the number of rows of each state, and the rows of one page.

Without filters, the rows are read from the index of their order. With filters, frequent rows are read from that index
too, and rare rows are read from the index of facets and sorted. Both ways read only a few more rows than the page
shows, regardless of the size of the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from domain.ledger.stores.sql import SqlRun
from projections.worklist.sql_rows import CELL, COLUMNS, EVERY_VALUE, INDEX_OF, WorklistQuery

_COUNTED: Final = "CAST(SUM(number) AS bigint) AS number FROM {schema}.worklist_counts WHERE generation = :generation"
_ROW: Final = """
    e.row AS "row", EXISTS (
        SELECT 1 FROM {schema}.view_failures AS f WHERE f.view = :view AND f.patient_id = e.patient_id) AS stale"""


def counts_of(run: SqlRun, generation: int, query: WorklistQuery) -> dict[str, int]:
    """Returns the number of rows that the query accepts, by state, ignoring its state filter."""
    if _is_of_one_user(query) and query.missing is not None:
        values: dict[str, Any] = {}
        conditions = _conditions(query, values, "", without=("state",))
        statement = (
            "SELECT state, COUNT(*) AS number FROM {schema}.worklist_entries {by worklist_entries_holder}"  # noqa: S608
            f" WHERE generation = :generation{conditions} GROUP BY state"
        )
        return {row["state"]: row["number"] for row in run(statement, generation=generation, **values)}
    conditions, values = _of_counts(query)
    statement = f"SELECT state, {_COUNTED} AND {conditions} GROUP BY state"
    return {row["state"]: int(row["number"]) for row in run(statement, generation=generation, **values)}


def rows_of(
    run: SqlRun, view: str, generation: int, query: WorklistQuery, counts: Mapping[str, int]
) -> list[Mapping[str, Any]]:
    """Returns the rows of a page, plus one row if there is another page."""
    accepted = query.equal.get("state", counts)
    wanted = sum(counts.get(state, 0) for state in set(accepted))
    if wanted == 0:
        return []
    values: dict[str, Any] = {"generation": generation, "view": view, "limit": query.limit + 1}
    if _is_of_one_user(query):
        # One user has few rows.
        return run(_in_index_order(query, values, "worklist_entries_holder"), **values)
    if query.equal or query.overdue or query.at_risk or query.missing is not None:
        (all_rows,) = run(
            f"SELECT {_COUNTED} AND held_by = '{EVERY_VALUE}' AND missing = '{EVERY_VALUE}'", generation=generation
        )
        # In index order, about `all / wanted` rows are read for each row that is found.
        if wanted * wanted < int(all_rows["number"]) * (query.limit + 1):
            return run(_by_facets(query, values), **values)
    run.in_order()
    if query.sort == "due_at" and (query.overdue or query.at_risk):
        return _by_standing(run, query, values)
    return run(_in_index_order(query, values, INDEX_OF[query.sort]), **values)


def _by_standing(run: SqlRun, query: WorklistQuery, values: dict[str, Any]) -> list[Mapping[str, Any]]:
    """Reads overdue rows and rows at risk. Overdue rows are due earlier, so the two index ranges are read in turn."""
    ranges = [replace(query, at_risk=False)] if query.overdue else []
    ranges += [replace(query, overdue=False)] if query.at_risk else []
    found: list[Mapping[str, Any]] = []
    for one_range in reversed(ranges) if query.descending else ranges:
        values["limit"] = query.limit + 1 - len(found)
        if values["limit"]:
            found += run(_in_index_order(one_range, values, "worklist_entries_standing"), **values)
    return found


def _is_of_one_user(query: WorklistQuery) -> bool:
    return len(query.equal.get("held_by", ())) == 1 and query.equal["held_by"] != ("",)


# -- the statements ---------------------------------------------------------------------------


def _in_index_order(query: WorklistQuery, values: dict[str, Any], index: str) -> str:
    conditions = _conditions(query, values, "e.")
    return (
        f"SELECT {_ROW} FROM {{schema}}.worklist_entries AS e {{by {index}}}"  # noqa: S608
        f" WHERE e.generation = :generation{conditions}{_after_cursor(query, values)}{_order_and_limit(query)}"
    )


def _by_facets(query: WorklistQuery, values: dict[str, Any]) -> str:
    """Returns the statement that reads the index of facets. Each cell of the counts is one range of that index."""
    facets = [name for name in CELL if name != "held_by"]
    same = " AND ".join(f"e.{name} = c.{name}" for name in facets)
    held_by = _equal("held_by", query.equal["held_by"], values, "e.") if "held_by" in query.equal else ""
    conditions, of_counts = _of_counts(query, each_missing=True, with_states=True)
    values |= of_counts
    return (
        f"WITH cells AS MATERIALIZED (SELECT {', '.join(facets)} FROM {{schema}}.worklist_counts"  # noqa: S608
        f" WHERE generation = :generation AND {conditions} AND number > 0)"
        f" SELECT {_ROW} FROM cells AS c CROSS JOIN {{schema}}.worklist_entries AS e {{by worklist_entries_facets}}"
        f" WHERE e.generation = :generation AND {same}{held_by}{_after_cursor(query, values)}{_order_and_limit(query)}"
    )


def _of_counts(
    query: WorklistQuery, *, each_missing: bool = False, with_states: bool = False
) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {}
    conditions = _conditions(query, values, "", without=("held_by",) if with_states else ("held_by", "state"))
    if query.missing is None:
        conditions += f" AND missing <> '{EVERY_VALUE}'" if each_missing else f" AND missing = '{EVERY_VALUE}'"
    conditions += _equal("held_by", query.equal.get("held_by", (EVERY_VALUE,)), values, "")
    return conditions.removeprefix(" AND "), values


def _conditions(query: WorklistQuery, values: dict[str, Any], table: str, without: Sequence[str] = ()) -> str:
    """Returns the conditions for a row. Column names come from this program; values are parameters."""
    conditions = ""
    for column, accepted in query.equal.items():
        assert column in COLUMNS
        if column not in without:
            conditions += _equal(column, accepted, values, table)
    standings = [name for name, wanted in (("overdue", query.overdue), ("at_risk", query.at_risk)) if wanted]
    if standings:
        conditions += _equal("standing", standings, values, table)
    if query.missing is not None:
        # LIKE is not used, because it ignores case in one of the stores.
        conditions += f" AND REPLACE({table}missing, :missing, '') <> {table}missing"
        values["missing"] = f" {query.missing} "
    return conditions


def _equal(column: str, accepted: Sequence[str], values: dict[str, Any], table: str) -> str:
    names = [f"{column}_{number}" for number in range(len(accepted))]
    values |= dict(zip(names, accepted, strict=True))
    return f" AND {table}{column} IN ({', '.join(f':{name}' for name in names)})" if names else " AND 1 = 0"


def _after_cursor(query: WorklistQuery, values: dict[str, Any]) -> str:
    if query.after is None:
        return ""
    values["after_value"], values["after_subject"] = query.after
    return f" AND (e.{query.sort}, e.subject_id) {'<' if query.descending else '>'} (:after_value, :after_subject)"


def _order_and_limit(query: WorklistQuery) -> str:
    direction = "DESC" if query.descending else "ASC"
    return f" ORDER BY e.{query.sort} {direction}, e.subject_id {direction} LIMIT :limit"
