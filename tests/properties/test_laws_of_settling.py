"""What an answer names as settling it does settle it, in at most three times, and rightly."""

from __future__ import annotations

from dataclasses import replace

import hypothesis

from tests.properties.answers_and_lives import differences, in_words
from tests.properties.drawn_tellings import tellings
from tests.properties.settling import is_settled, settled_by, supply
from tests.properties.stories import at_every_scale, hold
from tests.properties.tellings import Telling


@at_every_scale
def test_what_an_answer_names_settles_it(scale: str) -> None:
    def law(telling: Telling) -> None:
        # A second entry is a reason for a person to look, whatever else is known.
        telling = replace(telling, entries=tuple(one for one in telling.entries if not one.second), mistakes=())
        as_of = telling.requested_on
        assert as_of is not None
        # No field of a report holds the days between its first and its last dose.
        # The answer is another list of courses, and no value of a field. An untold first course is put before a later
        # one that was given by the day.
        hypothesis.assume(not telling.needs_another_list_of_courses(as_of))
        hypothesis.assume(not telling.has_days_untold(as_of))
        scenario = telling.perform()
        answer = supply(telling, scenario, as_of)
        named = [f"{one.report_id} {one.field}" for one in settled_by(answer)]
        assert is_settled(answer), f"{repr(telling).strip()}\nas of {as_of} it is still not settled; named: {named}"
        found = [one for one in differences(telling, scenario.known, as_of) if one[0] in DECIDING]
        assert not found, in_words(telling, as_of, found)

    hold(scale, law, tellings(agents=False), ordinary=60)


DECIDING = ("path", "scope", "recommendation")
