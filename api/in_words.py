"""Where a patient stands, in words for a person at a terminal; the same view that the API answers with."""

from __future__ import annotations

from collections.abc import Iterator

from projections.audit_trail import StateChange
from projections.eligibility import Eligibility


def headline(answer: Eligibility) -> str:
    """The short answer: path and course, and what may be done, or what stands in the way."""
    if answer.path is None:
        return f"Path not known: {_prospects(answer)}."
    course = f"Path {answer.path}, course {answer.course_number}"
    given = "" if answer.course_status == "not_begun" else f"{_counted(answer.doses_given)} given, "
    if answer.approval is not None and answer.doses_usable:
        return f"{course}: {given}{answer.doses_usable} may be given through {answer.approval.valid_through}."
    if answer.next_course_from is not None and answer.interval_satisfied is not True:
        if answer.interval_satisfied is None:
            return f"{course}: the twelve months are certainly over on {answer.next_course_from}."
        return f"{course}: may begin from {answer.next_course_from}."
    return f"{course}: {given}{_prospects(answer)}."


def _prospects(answer: Eligibility) -> str:
    """What the policy says of the open request, or of a next one."""
    judged = answer.approvable
    assert judged is not None, "without an edition there is no answer"
    asked = "the open request" if judged.request_is_open else "a next request"
    if answer.doses_usable and not judged.request_is_open:
        asked += ", once this approval is used up or over"
    match judged.recommendation:
        case "approve":
            return f"{asked} is recommended for approval, which a person decides"
        case "refer":
            return f"{asked} is for a clinician ({', '.join(reason.code for reason in judged.reasons)})"
        case "pend":
            return f"{asked} waits for {', '.join(one.clause for one in judged.still_needed)}"
        case "not_recommended":
            against = judged.exclusions or tuple(one.clause for one in judged.speaking_against)
            return f"{asked} is not recommended ({', '.join(against) or 'no path can be met'})"


def eligibility_rows(answer: Eligibility, zone: str) -> Iterator[tuple[str, str]]:
    """Everything behind the short answer: a label, repeated for each line of a kind, and a sentence."""
    yield "On", f"{answer.as_of} in {zone}, from version {answer.history_version} of the history"
    yield "Path", answer.path_because
    if answer.course_number is not None:
        given, left = _counted(answer.doses_given), _counted(answer.doses_left_in_course)
        yield (
            "Doses",
            (
                f"{given} given and {left} left in the course, {answer.doses_left_on_approval} left on the approval,"
                f" {answer.doses_usable} usable"
            ),
        )
    if answer.last_dose_on is not None:
        yield "Last dose", f"{answer.last_dose_on}"
    if answer.next_course_from is not None:
        yield "Twelve months", f"over for certain on {answer.next_course_from}"
    approval = answer.approval
    yield (
        "Approval",
        "none in force"
        if approval is None
        else (
            f"{approval.doses_approved} doses, {approval.doses_used} used, from {approval.valid_from}"
            f" through {approval.valid_through}, request {approval.request_id}"
        ),
    )
    judged = answer.approvable
    if judged is None:
        return
    asked = "the open request" if judged.request_is_open else "a next request"
    source = "from the text" if judged.edition_provenance == "text" else "reconstructed from the history table"
    yield "Recommended", f"{judged.recommendation} for {asked}, under edition {judged.edition} ({source})"
    for one in judged.still_needed:
        missing = f" ({', '.join(one.missing)})" if one.missing else ""
        yield "Missing", f"{one.clause}  {one.sentence}{missing}"
    yield from (("Against", f"{one.clause}  {one.sentence}") for one in judged.speaking_against)
    if judged.approvable_from is not None:
        yield "Approvable", f"from {judged.approvable_from}, if nothing else changes"
    for reason in judged.reasons:
        readings = f" ({', '.join(reason.readings)})" if reason.readings else ""
        yield "Clinician", f"{reason.sentence}{readings}"
    yield from (("To know", sentence) for sentence in judged.advisories)


def _counted(doses: int | None) -> str:
    if doses is None:
        return "an unknown number of doses"
    return f"{doses} dose" if doses == 1 else f"{doses} doses"


def change_in_words(change: StateChange) -> str:
    if change.before is None:
        return f"{change.what}: {change.after}"
    return f"{change.what}: {change.before} → {'gone' if change.after is None else change.after}"
