"""The policy of 2025-07-23 as a library of CQL, in ELM: a definition a clause, three-valued as CQL is by itself.

The engine computes each definition once for a patient and returns all of them, so the findings are the result.
"""

from __future__ import annotations

from tests.benchmarks.policy_peers import elm
from tests.benchmarks.policy_peers.elm import (
    FALSE,
    TRUE,
    UNKNOWN,
    Elm,
    at_least,
    both,
    by_value,
    defined,
    different,
    either,
    equal,
    exist,
    fact,
    first_of,
    is_false,
    is_true,
    listed,
    minus,
    negated,
    number,
    of_each,
    text,
    those,
    two,
    unknown,
    when,
)
from tests.benchmarks.policy_peers.prepared import SIGNS

YEARS = 10_000
"""A day is a number (20260712): this much less is a year before."""


def years_passed(since: str, years: int) -> Elm:
    """Unknown where a date is known only in part and the day decides."""
    day = minus(fact("as_of"), years * YEARS)
    return first_of(
        (at_least(day, fact(f"{since}_latest")), TRUE),
        (is_false(at_least(day, fact(f"{since}_earliest"))), FALSE),
        otherwise=UNKNOWN,
    )


def sign(name: str) -> Elm:
    return first_of(
        (is_false(fact(f"{name}_finding")), FALSE),
        (equal(fact(f"{name}_documentation"), text("none_exists")), FALSE),
        (both(fact(f"{name}_finding"), equal(fact(f"{name}_documentation"), text("attached"))), TRUE),
        otherwise=UNKNOWN,
    )


def regimen(days: int) -> Elm:
    return both(
        equal(fact("mg_per_day"), number(12)),
        equal(fact("consecutive_days"), number(days)),
        equal(fact("route"), text("intravenous")),
    )


def is_specialist(who: str, otherwise: Elm) -> Elm:
    return by_value(fact(who), {"neurology": TRUE, "ms_specialist": TRUE}, otherwise)


HISTORY: dict[str, Elm] = {
    "Received": first_of(
        (negated(unknown(fact("received_lemtrada"))), fact("received_lemtrada")),
        (fact("completed_course"), TRUE),
        (negated(unknown(fact("last_dose_latest"))), TRUE),
        (exist(those(fact("trials"), equal(of_each("brand"), text("lemtrada")))), TRUE),
        otherwise=UNKNOWN,
    ),
    "Completed": first_of(
        (negated(unknown(fact("completed_course"))), fact("completed_course")),
        (is_false(defined("Received")), FALSE),
        otherwise=UNKNOWN,
    ),
}

# An agent failed, or its outcome is not stated, or it was adequate; brands of one ingredient are one agent.
AGENTS: dict[str, Elm] = {
    "Countable": those(
        fact("trials"),
        both(
            by_value(of_each("outcome"), {"adequate": FALSE}, TRUE),
            by_value(of_each("kind"), dict.fromkeys(("disease_modifying", "ambiguous", "unknown"), TRUE), FALSE),
        ),
    ),
    "Failed": those(defined("Countable"), negated(unknown(of_each("outcome")))),
    "Two failed, counted apart": either(
        two(different(defined("Failed"), "ingredient")), two(different(defined("Failed"), "brand"))
    ),
    "1.A.iii.a": first_of(
        (two(different(defined("Failed"), "ingredient", equal(of_each("listed"), text("yes")))), TRUE),
        (negated(is_true(fact("list_is_complete"))), UNKNOWN),
        (
            two(different(defined("Countable"), "ingredient", negated(equal(of_each("listed"), text("no"))))),
            UNKNOWN,
        ),
        (defined("Two failed, counted apart"), FALSE),
        (
            either(two(different(defined("Countable"), "ingredient")), two(different(defined("Countable"), "brand"))),
            UNKNOWN,
        ),
        otherwise=FALSE,
    ),
    "1.A.iii.b": first_of(
        (exist(those(defined("Failed"), equal(of_each("suffices"), text("yes")))), TRUE),
        (negated(is_true(fact("list_is_complete"))), UNKNOWN),
        (exist(those(defined("Countable"), negated(equal(of_each("suffices"), text("no"))))), UNKNOWN),
        otherwise=FALSE,
    ),
}

CRITERIA: dict[str, Elm] = {
    "1": by_value(fact("diagnosis"), {"multiple_sclerosis": TRUE, "other": FALSE}, UNKNOWN),
    "1.A.i": years_passed("born", 17),
    "1.A.ii": by_value(
        fact("ms_form"),
        {
            "relapsing_remitting": TRUE,
            "active_secondary_progressive": TRUE,
            "primary_progressive": FALSE,
            "non_active_secondary_progressive": FALSE,
            "clinically_isolated_syndrome": FALSE,
        },
        UNKNOWN,
    ),
    "1.A.iii.c": defined("Received"),
    **{f"1.A.iii.d({place})": sign(name) for place, name in enumerate(SIGNS, start=1)},
    "1.A.iii.d": either(*(defined(f"1.A.iii.d({place})") for place in (1, 2, 3, 4))),
    "1.A.iii": either(*(defined(f"1.A.iii.{letter}") for letter in "abcd")),
    "1.A.iv": either(
        is_specialist("prescriber", when(unknown(fact("prescriber")), UNKNOWN, FALSE)),
        is_specialist("consulted", when(unknown(fact("consulted")), UNKNOWN, FALSE)),
    ),
    "Others of A": both(
        negated(defined("Completed")), defined("1.A.i"), defined("1.A.ii"), defined("1.A.iv")
    ),
    "1.A": both(defined("Others of A"), defined("1.A.iii")),
    "1.B.i": defined("1.A.i"),
    "1.B.ii": defined("1.A.ii"),
    "1.B.iii.a": fact("objective_measure"),
    "1.B.iii.b": fact("symptom"),
    "1.B.iii": either(defined("1.B.iii.a"), defined("1.B.iii.b")),
    "1.B.iv": years_passed("last_dose", 1),
    "1.B.v": defined("1.A.iv"),
    "1.B": both(
        defined("Completed"), defined("1.B.i"), defined("1.B.ii"), defined("1.B.iii"), defined("1.B.iv"),
        defined("1.B.v"),
    ),
    "NR.1": by_value(
        fact("ms_form"),
        {"clinically_isolated_syndrome": TRUE},
        when(both(unknown(fact("ms_form")), negated(is_false(defined("1")))), UNKNOWN, FALSE),
    ),
    "NR.2": fact("other_dmt_continues"),
    "NR.3": fact("hiv_infection"),
    "NR.4": when(
        is_false(defined("1")),
        FALSE,
        by_value(
            fact("ms_form"),
            {
                "primary_progressive": TRUE,
                "non_active_secondary_progressive": TRUE,
                "relapsing_remitting": FALSE,
                "active_secondary_progressive": FALSE,
                "clinically_isolated_syndrome": FALSE,
            },
            UNKNOWN,
        ),
    ),
    "Dosing.A": regimen(5),
    "Dosing.B": regimen(3),
}  # fmt: skip


def open_leaves(group: str, *leaves: str) -> Elm:
    """The citations of what is not known, where their group is not known."""
    return when(unknown(defined(group)), listed(*(_if_open(leaf) for leaf in leaves)), UNKNOWN)


def _if_open(citation: str, of: str | None = None) -> Elm:
    return when(unknown(defined(of or citation)), text(citation), UNKNOWN)


NEEDED = listed(
    _if_open("1"),
    *(_if_open(f"NR.{place}") for place in (1, 2, 3, 4)),
    when(
        unknown(defined("First path")),
        listed(
            _if_open("1.A", "Completed"),
            _if_open("1.A.i"),
            _if_open("1.A.ii"),
            when(
                defined("Argued"),
                UNKNOWN,
                listed(
                    open_leaves("1.A.iii", "1.A.iii.a", "1.A.iii.b", "1.A.iii.c"),
                    when(
                        unknown(defined("1.A.iii")),
                        open_leaves("1.A.iii.d", *(f"1.A.iii.d({place})" for place in (1, 2, 3, 4))),
                        UNKNOWN,
                    ),
                ),
            ),
            _if_open("1.A.iv"),
        ),
        UNKNOWN,
    ),
    when(
        unknown(defined("1.B")),
        listed(
            _if_open("1.B", "Completed"),
            *(_if_open(f"1.B.{leaf}") for leaf in ("i", "ii", "iv", "v")),
            open_leaves("1.B.iii", "1.B.iii.a", "1.B.iii.b"),
        ),
        UNKNOWN,
    ),
)

# Agents that are arguably two are taken as two where nothing else would approve.
RECOMMENDATION: dict[str, Elm] = {
    "Argued": both(
        is_false(defined("1.A.iii.a")),
        is_true(fact("list_is_complete")),
        is_true(defined("Two failed, counted apart")),
        is_false(defined("1.A")),
        is_false(defined("1.B")),
    ),
    "First path": when(defined("Argued"), defined("Others of A"), defined("1.A")),
    "Coverable": both(
        defined("1"),
        negated(either(*(defined(f"NR.{place}") for place in (1, 2, 3, 4)))),
        either(defined("First path"), defined("1.B")),
    ),
    "Open": either(
        unknown(defined("Coverable")),
        both(is_true(defined("Coverable")), either(unknown(defined("First path")), unknown(defined("1.B")))),
    ),
    "Dosing": when(is_true(defined("First path")), defined("Dosing.A"), defined("Dosing.B")),
    "recommendation": first_of(
        (is_false(defined("Coverable")), text("not_recommended")),
        (defined("Open"), text("pend")),
        (both(unknown(defined("Dosing")), negated(defined("Argued"))), text("pend")),
        (both(is_true(defined("Dosing")), negated(defined("Argued"))), text("approve")),
        otherwise=text("refer"),
    ),
    "path": by_value(
        defined("recommendation"),
        dict.fromkeys(("approve", "refer"), when(is_true(defined("First path")), text("A"), text("B"))),
        UNKNOWN,
    ),
    "doses": by_value(
        defined("recommendation"),
        {"approve": when(is_true(defined("First path")), number(5), number(3))},
        UNKNOWN,
    ),
    "valid_days": by_value(defined("recommendation"), {"approve": number(30)}, UNKNOWN),
    "needed": by_value(
        defined("recommendation"),
        {
            "pend": when(
                defined("Open"),
                NEEDED,
                listed(when(is_true(defined("First path")), text("Dosing.A"), text("Dosing.B"))),
            )
        },
        listed(),
    ),
}


def policy() -> Elm:
    return elm.library({**HISTORY, **AGENTS, **CRITERIA, **RECOMMENDATION})
