"""Doses after a death on record (R29). A date of death may be known to the month or the year."""

from __future__ import annotations

from collections.abc import Iterator

from domain.history.records import Dose
from domain.history.state import PatientHistory


def is_after_death(history: PatientHistory, dose: Dose) -> bool:
    """Whether the dose was certainly given after the patient's death, which is a variance."""
    return history.deceased_on is not None and dose.on > history.deceased_on.latest


def may_be_after_death(history: PatientHistory, dose: Dose) -> bool:
    """Whether the dose was given after the earliest day on which the patient may have died. It waits for a person."""
    return history.deceased_on is not None and dose.on > history.deceased_on.earliest


def doses_after_death(history: PatientHistory) -> Iterator[Dose]:
    """The doses that may be after the recorded death and that no person has reviewed."""
    return (one for one in history.doses if one.stands and not one.reviewed and may_be_after_death(history, one))
