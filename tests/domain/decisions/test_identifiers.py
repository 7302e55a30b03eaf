"""Whom a member ID means: another person under one ID, first and last days, and IDs that are none."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from domain.commands.patient import AddMemberIdentifier, OpenHistory, RetireMemberIdentifier
from domain.errors import AlreadyRecorded, Conflict, InvalidCommand, RecordedAsAnother
from domain.events.patient import Member, MemberIdentifierAdded, MemberIdentifierRetired, RequesterAdmitted
from projections.event_text import SENTENCES
from projections.person import person
from tests.story import NURSE, OFFICE, Step, given, identifier_added

MEMBER = {"member_id": "M-1"}
ALMA = {"member": MEMBER, "name": "Alma Synthetic", "birth_date": "1988-05-17"}


def opening(**values: Any) -> Step:
    command = OpenHistory.model_validate(ALMA | values)
    return Step(lambda _: command)


def adding(member_id: str, **values: Any) -> Step:
    command = AddMemberIdentifier.model_validate({"member": {"member_id": member_id}} | values)
    return Step(lambda _: command)


def retiring(member_id: str, **values: Any) -> Step:
    stated = {"member": {"member_id": member_id}, "reason": "Passed to another person."}
    command = RetireMemberIdentifier.model_validate(stated | values)
    return Step(lambda _: command)


# -- another person ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "field"),
    [
        ({"name": "Alba Synthetic"}, "name"),
        ({"name": "Alba Synthetic", "birth_date": "1951"}, "name"),
        ({"birth_date": "1988-05-18"}, "birth_date"),
        ({"birth_date": "1989"}, "birth_date"),
    ],
)
def test_a_user_of_the_plan_is_told_which_detail_differs_and_not_what_is_on_record(
    stated: dict[str, Any], field: str
) -> None:
    story = given().when(opening(**stated).by(NURSE)).then_refused(RecordedAsAnother, field=field)
    assert "Alma" not in str(story.error)
    assert "1988" not in str(story.error)
    # An office does not learn which detail differs.
    given().when(opening(**stated).by(OFFICE)).then_refused(Conflict, field="member")


@pytest.mark.parametrize("stated", [{}, {"name": "ALMA\u00a0synthetic"}, {"birth_date": "1988"}, {"birth_date": None}])
def test_a_person_who_is_on_record_is_not_added_again(stated: dict[str, Any]) -> None:
    given().when(opening(**stated).by(NURSE)).then_refused(AlreadyRecorded, field="member")


@pytest.mark.parametrize(
    ("stated", "is_admitted"),
    [
        ({"name": "alma  SYNTHETIC"}, True),
        ({"name": "Alma Syn-thetic"}, True),
        ({"birth_date": "1988-05"}, False),  # less than the record has
        ({"birth_date": "1988"}, False),
        ({"birth_date": None}, False),
    ],
)
def test_an_office_states_the_birth_date_as_exactly_as_it_is_on_record(
    stated: dict[str, Any], is_admitted: bool
) -> None:
    story = given().when(opening(**stated).by(OFFICE))
    if is_admitted:
        story.then(RequesterAdmitted)
    else:
        story.then_refused(Conflict, field="member")


# -- first and last days ----------------------------------------------------------------------


def test_a_retired_id_has_a_last_day_which_is_today_unless_another_is_stated() -> None:
    story = given(identifier_added("M-2"), adding("M-3", first_day="2026-01-01"))
    story.when(retiring("M-2")).then(MemberIdentifierRetired, last_day=date(2026, 4, 28), in_error=False)
    story.when(retiring("M-3", last_day="2026-02-03")).then(MemberIdentifierRetired, last_day=date(2026, 2, 3))
    assert SENTENCES[MemberIdentifierRetired](story.last[0]) == (
        "plan: M-3, through 2026-02-03. Passed to another person."
    )
    former = person(story.known, date(2026, 4, 28)).former_members
    assert [(one.member.member_id, one.last_day) for one in former] == [
        ("M-2", date(2026, 4, 28)),
        ("M-3", date(2026, 2, 3)),
    ]
    assert story.known.first_days == ()


def test_an_id_that_never_was_the_patient_s_has_no_last_day() -> None:
    story = given(identifier_added("M-2")).when(retiring("M-2", in_error=True))
    story.then(MemberIdentifierRetired, last_day=None, in_error=True)
    assert SENTENCES[MemberIdentifierRetired](story.last[0]).startswith("plan: M-2; it never identified this member")


@pytest.mark.parametrize(
    "values",
    [
        {"last_day": "2026-04-29"},
        {"last_day": "1988-05-16"},
        {"last_day": "2025-12-31"},
        {"in_error": True, "last_day": "2026-04-01"},
    ],
)
def test_a_last_day_is_possible(values: dict[str, Any]) -> None:
    story = given(adding("M-2", first_day="2026-01-01"))
    story.when(retiring("M-2", **values)).then_refused(InvalidCommand, field="last_day")


def test_a_first_day_is_not_before_the_birth_and_only_the_plan_states_it() -> None:
    given().when(adding("M-2", first_day="1988-05-16")).then_refused(InvalidCommand, field="first_day")
    story = given().when(adding("M-2", first_day="2026-01-01")).then(MemberIdentifierAdded, first_day=date(2026, 1, 1))
    assert story.known.first_day_of(Member(member_id="M-2")) == date(2026, 1, 1)
    assert SENTENCES[MemberIdentifierAdded](story.last[0]) == "plan: M-2, from 2026-01-01"


# -- what is sent -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [OpenHistory, AddMemberIdentifier])
@pytest.mark.parametrize("member_id", ["9.87E+11", "#N/A", "\u200b\u2060"])
def test_what_is_no_id_is_refused(kind: type[Any], member_id: str) -> None:
    values = ALMA if kind is OpenHistory else {}
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(values | {"member": {"member_id": member_id}})
    (fault,) = caught.value.errors()
    assert fault["loc"] == ("member",)


def test_what_is_on_record_keeps_its_form() -> None:
    assert Member(member_id="9.87E+11").member_id == "9.87E+11"
    retire = {"member": {"member_id": "9.87E+11"}, "reason": "A spreadsheet made it."}
    assert RetireMemberIdentifier.model_validate(retire).member.member_id == "9.87E+11"


@pytest.mark.parametrize(
    ("command", "names"),
    [
        (OpenHistory.model_validate(ALMA), ["member", "name", "birth_date"]),
        (AddMemberIdentifier.model_validate({"member": MEMBER}), ["member"]),
        (RetireMemberIdentifier.model_validate({"member": MEMBER, "reason": "x"}), ["reason", "member"]),
    ],
)
def test_a_command_that_was_sent_before_is_recognized(command: Any, names: list[str]) -> None:
    """The digest of a command has no field that is not used, so a repeated key of an earlier program is recognized."""
    assert list(command.model_dump(mode="json")) == names
