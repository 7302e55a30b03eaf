"""What the entries of a day say together: which of them counts, and which wait for a person (R25, R30).

Of the entries for one day, the first that is in effect counts. Each later one waits until a person says that it is a
separate infusion, the same one, or part of the same dose. If the entry that counts is voided, corrected to another day,
or its claim is voided, the next one takes its place. All of this follows from the record: an entry keeps what events
and people stated about it in `EntryFacts`, and `settled_entries` derives the rest, again after each event.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from domain.frozen import changed
from domain.history.entry_facts import Duplicate, LineDays
from domain.history.records import Dose


def settled_entries(doses: tuple[Dose, ...]) -> tuple[Dose, ...]:
    """The entries, each with what follows from all of them: whether it counts, waits, or is voided."""
    if len({one.on for one in doses}) == len(doses) and not any(map(_is_special, doses)):
        return tuple(map(_alone, doses))
    record = _Record({one.dose_id: one for one in doses}, _corrections(doses))
    by_day: defaultdict[date, list[Dose]] = defaultdict(list)
    for one in sorted(doses, key=lambda entry: (entry.facts.day_version, entry.version)):
        by_day[one.on].append(one)
    settled = {one.dose_id: one for entries in by_day.values() for one in _of_day(entries, record)}
    return tuple(settled[one.dose_id] for one in doses)


def as_read_by_revision_1(doses: Iterable[Dose]) -> tuple[Dose, ...]:
    """The entries as revision 1 of the editions read them: each by its own events alone."""
    return tuple(
        replace(
            one,
            duplicate="confirmed" if one.facts.duplicate == "part" else one.facts.duplicate,
            duplicate_of=one.facts.duplicate_of,
            voided=one.facts.voided is not None,
            voided_version=one.facts.voided,
            is_uncertain=False,
            added_mg=0.0,
            keeps_place=True,
            lines=(),
        )
        for one in doses
    )


def _is_special(dose: Dose) -> bool:
    facts = dose.facts
    return facts.claim_voided is not None or facts.answer is not None or facts.further_of is not None


def _alone(dose: Dose) -> Dose:
    """An entry that is the only one of its day, and of which no person said anything."""
    return _derived(dose, "no", None, lines=_own_line(dose))


def _own_line(dose: Dose) -> tuple[LineDays, ...]:
    """The line of the entry, if it is a claim line that may have several infusion days."""
    most, facts = dose.dose_days_most, dose.facts
    if most == 1:
        return ()
    stated, ends = facts.days, (facts.first_on, facts.last_on)
    return (LineDays(dose.dose_id, dose.mg, stated or 1, stated or most, stated is not None, *ends, dose.recorded_at),)


def _lines(settled: list[Dose], waiting: Iterable[Dose] = ()) -> tuple[LineDays, ...]:
    """The lines of several days among the entries of one infusion, also of those that wait for a person (R25).

    What was stated of one line holds for the others of which a person said that they are the same, and that have no
    more milligrams.
    """
    found = [(line, one.dose_days_most) for one in settled for line in _own_line(one)]
    stated = max((most for line, most in found if line.is_stated), default=0)
    kept = [line for line, most in found if line.is_stated or most > stated]
    return (*kept, *(line for one in waiting for line in _own_line(one)))


def _derived(
    dose: Dose,
    duplicate: Duplicate,
    duplicate_of: str | None,
    *,
    uncertain: bool = False,
    gone: int | None = None,
    keeps_place: bool = True,
    lines: tuple[LineDays, ...] = (),
) -> Dose:
    gone = gone if gone is not None else dose.facts.gone
    after = (duplicate, duplicate_of, gone is not None, gone, uncertain, 0.0, keeps_place, lines)
    before = (
        dose.duplicate,
        dose.duplicate_of,
        dose.voided,
        dose.voided_version,
        dose.is_uncertain,
        dose.added_mg,
        dose.keeps_place,
        dose.lines,
    )
    if after == before:
        return dose
    return changed(
        dose,
        duplicate=duplicate,
        duplicate_of=duplicate_of,
        voided=gone is not None,
        voided_version=gone,
        is_uncertain=uncertain,
        added_mg=0.0,
        keeps_place=keeps_place,
        lines=lines,
    )


def _of_day(entries: list[Dose], record: _Record) -> Iterable[Dose]:
    """The entries of one day, in the order in which they got this day."""
    for infusion in _infusions(entries):
        yield from _of_infusion(infusion, record)


def _infusions(entries: list[Dose]) -> list[list[Dose]]:
    """The entries of one day by infusion, as far as people separated them."""
    found: list[list[Dose]] = []
    for entry in entries:
        facts = entry.facts
        named = facts.answer_of if facts.answer is not None else facts.duplicate_of
        own = next((one for one in found if any(other.dose_id == named for other in one)), None)
        if facts.answer == "separate" or not found:
            found.append([entry])
        elif own is not None:
            own.append(entry)
        else:
            in_effect = (one for one in found if any(other.facts.is_in_effect for other in one))
            next(in_effect, found[0]).append(entry)
    return found


def _of_infusion(entries: list[Dose], record: _Record) -> Iterable[Dose]:
    """The entries of one infusion: the first one in effect counts, and before one that may be of another day."""
    elsewhere = {one.dose_id: _is_of_another_day(one, record) for one in entries}
    for one in entries:
        if elsewhere[one.dose_id] is True:
            yield _derived(one, "confirmed", record.corrections.get(one.dose_id, one.facts.answer_of))
    in_effect = [one for one in entries if one.facts.is_in_effect and elsewhere[one.dose_id] is not True]
    in_effect.sort(key=lambda one: elsewhere[one.dose_id] is None)
    withdrawn = [one for one in entries if one.facts.is_withdrawn]
    gone = sorted((one for one in entries if one.facts.gone is not None), key=lambda one: one.facts.gone or 0)
    for one in gone:
        # The entry that is in effect, or was so last, keeps the place of the infusion.
        is_last = not in_effect and not withdrawn and one is gone[-1]
        yield _derived(one, *_as_answered(one), keeps_place=is_last)
    if not in_effect:
        for place, one in enumerate(withdrawn):
            # Without another entry of the infusion, it is not known whether it was given (R30).
            voided = one.facts.claim_voided if place else None
            lines = () if place else _lines(withdrawn)
            yield _derived(one, "no", None, uncertain=place == 0, gone=voided, keeps_place=place == 0, lines=lines)
        return
    yield from (_derived(one, "no", None, gone=one.facts.claim_voided, keeps_place=False) for one in withdrawn)
    first, *others = in_effect
    answers = {one.dose_id: one.facts.answer if elsewhere[one.dose_id] is False else None for one in others}
    same = [one for one in others if answers[one.dose_id] == "same"]
    lines = _lines([first, *same], (one for one in others if answers[one.dose_id] not in ("same", "part")))
    if elsewhere[first.dose_id] is None:
        of = first.facts.further_of or first.facts.answer_of
        counted = _derived(first, "no", of, uncertain=True, lines=lines)
    else:
        counted = _derived(first, *_as_answered(first), lines=lines)
    added = sum(one.mg for one in others if answers[one.dose_id] == "part")
    yield changed(counted, added_mg=added) if added else counted
    for one in others:
        duplicate: Duplicate = {"part": "part", "same": "confirmed"}.get(answers[one.dose_id] or "", "possible")  # type: ignore[assignment]
        yield _derived(one, duplicate, first.dose_id)


def _as_answered(entry: Dose) -> tuple[Duplicate, str | None]:
    """How an entry that counts, or is gone, is a second one: only if a person said that it is separate."""
    if entry.facts.answer == "separate":
        return "dismissed", entry.facts.answer_of
    return "no", None


class _Record(NamedTuple):
    """All entries by id, and for an entry whose day a further replacement of its claim corrected, that one's id."""

    by_id: dict[str, Dose]
    corrections: dict[str, str]


def _corrections(doses: Iterable[Dose]) -> dict[str, str]:
    """Of several corrections that a person found of one day, the last one is in effect (R23)."""
    said = (one for one in doses if one.facts.is_in_effect and one.facts.answer == "same")
    of_another = [one for one in said if one.facts.answer_of == one.facts.further_of]
    in_order = sorted(of_another, key=lambda one: one.facts.answered)
    return {one.facts.answer_of: one.dose_id for one in in_order if one.facts.answer_of is not None}


def _is_of_another_day(entry: Dose, record: _Record) -> bool | None:
    """Whether a person said that the entry is the infusion of an entry that is in effect on another day.

    None: it was said before that entry got its other day, so that it is not known any more. Nor is it known of a
    further replacement of a claim until a person has said it (R30).
    """
    facts, by_id = entry.facts, record.by_id
    correction = by_id.get(record.corrections.get(entry.dose_id, ""))
    if correction is not None and correction.on != entry.on:
        return facts.is_in_effect and (facts.answer, facts.answer_of) != ("separate", correction.dose_id)
    replaced = by_id.get(facts.further_of or "")
    if replaced is not None and replaced.on != entry.on and replaced.facts.voided is None and facts.is_in_effect:
        return _as_further(entry, replaced, record)
    if facts.answer not in ("same", "part") or facts.answer_of is None or not facts.is_in_effect:
        return False
    named = by_id.get(facts.answer_of)
    if named is None or not named.facts.is_in_effect or named.on == entry.on:
        return False
    return True if facts.answered > named.facts.day_version else None


def _as_further(entry: Dose, replaced: Dose, record: _Record) -> bool | None:
    """The same of a further replacement of the claim of an entry of another day. Of two corrections, the last holds."""
    facts = entry.facts
    if facts.answer_of == replaced.dose_id:
        return facts.answer == "same" and record.corrections.get(replaced.dose_id) != entry.dose_id
    named = record.by_id.get(facts.answer_of or "")
    is_of_its_day = named is not None and named.on == entry.on and named.facts.is_in_effect
    return False if is_of_its_day and facts.answer in ("same", "part") else None
