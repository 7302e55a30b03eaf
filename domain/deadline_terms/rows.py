"""The rows that are built in: one for each line of business, with the paragraph of each figure.

The commercial rows are the outer limits of ERISA. A plan whose contract, state or number of appeal levels differs
supplies rows of its own (`plan_rows`), and changes nothing here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Final

from domain.deadline_terms.terms import Days, DeadlineTerms, Hours

_ERISA: Final = "29 CFR 2560.503-1"
_URGENT: Final = dict.fromkeys(
    ("urgent", "urgent_ask_within", "urgent_decide_within", "answer_urgent"), f"{_ERISA}(f)(2)(i)"
)
_MEDICARE_APPEALS: Final = {
    **dict.fromkeys(("appeal_file_within", "appeal_counted_from", "appeal_file_after_receipt"), "42 CFR 422.582"),
    **dict.fromkeys(("appeal_levels", "forwards_upheld", "after_last_level"), "42 CFR 422.590"),
    "appeal_standard": "42 CFR 422.590(c)",
    "appeal_urgent": "42 CFR 422.590(e)(1)",
}
"""An upheld denial is forwarded within the time of its appeal. For an expedited appeal, 422.590(e)(5) counts 24 hours
from the decision instead, which ends earlier if the plan decides within the first 48 hours.
"""
_MEDICAID_APPEALS: Final = {
    **dict.fromkeys(
        ("appeal_file_within", "appeal_counted_from", "appeal_levels", "after_last_level"), "42 CFR 438.402"
    ),
    **dict.fromkeys(("appeal_standard", "appeal_urgent"), "42 CFR 438.408"),
}

_COMMERCIAL: Final = DeadlineTerms(
    line="commercial",
    effective_on=date(2003, 1, 1),
    source=f"{_ERISA}, outer limits",
    standard=Days(15),
    urgent=Hours(72),
    extension=Days(15),
    information_extension_stops=True,
    answer_standard=Days(45),
    urgent_ask_within=Hours(24),
    urgent_decide_within=Hours(48),
    answer_urgent=Hours(48),
    appeal_file_within=Days(180),
    appeal_counted_from="receipt",
    appeal_standard=Days(30),
    appeal_standard_of_two=Days(15),
    appeal_urgent=Hours(72),
    sources=MappingProxyType(
        {
            **dict.fromkeys(("standard", "extension", "extends_urgent", "answer_standard"), f"{_ERISA}(f)(2)(iii)(A)"),
            **_URGENT,
            "information_extension_stops": f"{_ERISA}(f)(4)",
            **dict.fromkeys(("appeal_file_within", "appeal_counted_from"), f"{_ERISA}(h)(3)(i)"),
            **dict.fromkeys(("appeal_standard", "appeal_standard_of_two"), f"{_ERISA}(i)(2)(ii)(A)"),
            "appeal_levels": f"{_ERISA}(c)(2)",
            "appeal_urgent": f"{_ERISA}(i)(2)(i)",
        }
    ),
)

TERMS: Final[tuple[DeadlineTerms, ...]] = (
    _COMMERCIAL,
    replace(
        _COMMERCIAL,
        is_post_service=True,
        standard=Days(30),
        appeal_standard=Days(60),
        appeal_standard_of_two=Days(30),
        sources=MappingProxyType(
            {
                **_COMMERCIAL.sources,
                **dict.fromkeys(
                    ("standard", "extension", "extends_urgent", "answer_standard"), f"{_ERISA}(f)(2)(iii)(B)"
                ),
                **dict.fromkeys(("appeal_standard", "appeal_standard_of_two"), f"{_ERISA}(i)(2)(iii)"),
            }
        ),
        unconfirmed=frozenset({"effective_on", "appeal_standard", "appeal_standard_of_two"}),
    ),
    DeadlineTerms(
        line="medicare_advantage",
        effective_on=date(2020, 1, 1),
        source="42 CFR 422.568, 422.572 (Part B drugs)",
        standard=Hours(72),
        urgent=Hours(24),
        appeal_file_within=Days(65),
        appeal_counted_from="date_on_notice",
        appeal_file_after_receipt=Days(60),
        appeal_standard=Days(7),
        appeal_urgent=Hours(72),
        forwards_upheld=True,
        after_last_level="independent_entity",
        sources=MappingProxyType(_MEDICARE_APPEALS),
    ),
    DeadlineTerms(
        line="medicaid",
        effective_on=date(1991, 7, 1),
        source="SSA 1927(d)(5)",
        standard=Hours(24),
        urgent=Hours(24),
        appeal_file_within=Days(60),
        appeal_counted_from="date_on_notice",
        appeal_standard=Days(30),
        appeal_urgent=Hours(72),
        after_last_level="state_fair_hearing",
        sources=MappingProxyType(_MEDICAID_APPEALS),
        unconfirmed=frozenset({"effective_on", "standard", "urgent"}),
    ),
    DeadlineTerms(
        line="cms_0057_f",
        effective_on=date(2026, 1, 1),
        source="CMS-0057-F",
        binds=False,
        standard=Days(7),
        urgent=Hours(72),
        extension=Days(14),
        extends_urgent=True,
        appeal_file_within=Days(65),
        appeal_counted_from="date_on_notice",
        appeal_file_after_receipt=Days(60),
        appeal_standard=Days(30),
        appeal_urgent=Hours(72),
        sources=MappingProxyType({**_MEDICARE_APPEALS, "appeal_standard": "42 CFR 422.590(a)"}),
    ),
)
