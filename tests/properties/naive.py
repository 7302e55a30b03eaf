"""A patient's treatment, simulated day by day in plain dictionaries, by somebody who never saw the program.

Imports nothing of it on purpose: the laws compare the two. Known from the readings: five doses
make the first course and three a later one (R6); an unfinished first course continues forever
(R7), an unfinished later one until twelve months after its last dose (R8); an approval runs
thirty days and is for one course (R9); within thirty days of completion a dose is an excess
dose of the same course, and which course a dose belongs to follows from the days of all that is
on record (R24); a void touches its own course, the latest opens again and an earlier one is
short, and a voided dose keeps its place for those that were on record with it (R24); a second
entry of a day waits for a person, and takes the place of the first one if that is voided or gets
another day (R25); a closed course is over (R26); a day that a report tells
is one more dose, unless it is a day of ours (R25, R27).

    patient = new_patient()
    give(patient, "d1", day)        # a dose, on the day on which it is recorded or later
    void(patient, "d1")
    move(patient, "d1", day)        # its day was wrong
    second(patient, "d2", "d1")     # another entry of the same day, which waits
    separate(patient, "d2")         # a person found it to be another infusion
    report(patient, "t1", days)     # doses elsewhere, to the day
    unreport(patient, "t1")
    close(patient, 1, day)          # a course by its number
    approve(patient, 5, day)        # doses of the course to give
    answer(patient, day)            # that day or a later one
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

Patient = dict[str, Any]
Entry = dict[str, Any]

FIRST, LATER = 5, 3
THIRTY_DAYS = timedelta(days=30)


def new_patient() -> Patient:
    return {"entries": {}, "reports": {}, "courses": [], "approvals": [], "closed_keys": [], "time": 0}


def a_year_after(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 3, 1)


def whole(patient: Patient, course: Entry) -> int:
    return FIRST if patient["courses"][0] is course else LATER


def days_of(course: Entry) -> list[date]:
    return sorted(dose["day"] for dose in course["doses"])


def is_unfinished(patient: Patient, course: Entry) -> bool:
    return len(course["doses"]) < whole(patient, course) and course["closed"] is None and not course["was_whole"]


def is_running(patient: Patient, course: Entry, day: date) -> bool:
    days = days_of(course)
    return patient["courses"][0] is course or not days or day < a_year_after(days[-1])


def course_of_a_dose(patient: Patient, day: date) -> Entry | None:
    """The course that a dose of this day belongs to; None: it begins another."""
    if not patient["courses"]:
        return None
    last: Entry = patient["courses"][-1]
    days = days_of(last)
    if len(days) >= whole(patient, last):
        completed = days[whole(patient, last) - 1]
        return last if day <= completed + THIRTY_DAYS else None
    if last["closed"] is not None and day > last["closed"]:
        return None
    return last if is_running(patient, last, day) else None


def key_of_a_dose(patient: Patient, day: date) -> int:
    course = course_of_a_dose(patient, day)
    if course is not None:
        key: int = course["key"]
        return key
    keys = [one["key"] for one in patient["courses"]]
    return max([*keys, *patient["closed_keys"], len(keys)], default=0) + 1


def approval_on(patient: Patient, day: date, key: int | None = None) -> Entry | None:
    found = [one for one in patient["approvals"] if one["from"] <= day <= one["through"] and key in (None, one["key"])]
    return found[-1] if found else None


def approval_in_force(patient: Patient, day: date) -> Entry | None:
    """The latest that covers the day; of several, one for the course that a dose on this day would belong to (R9)."""
    return approval_on(patient, day, key_of_a_dose(patient, day)) or approval_on(patient, day)


def give(patient: Patient, name: str, day: date, waits: bool = False) -> None:
    patient["entries"][name] = new_entry(patient, name, day) | {"waits": waits}
    place_all(patient)


def new_entry(patient: Patient, name: str, day: date) -> Entry:
    since = now(patient)
    return {
        "name": name,
        "day": day,
        "since": since,
        "void_since": None,
        "waits": False,
        "first": None,
        "key": None,
        "approval": None,
    }


def void(patient: Patient, name: str) -> None:
    patient["entries"][name]["void_since"] = now(patient)
    place_all(patient)


def move(patient: Patient, name: str, day: date) -> None:
    patient["entries"][name] |= {"day": day, "since": now(patient)}
    place_all(patient)


def second(patient: Patient, name: str, first: str) -> None:
    give(patient, name, patient["entries"][first]["day"], waits=True)
    patient["entries"][name]["first"] = first
    place_all(patient)


def is_counted(patient: Patient, entry: Entry) -> bool:
    """Whether the entry is an infusion of its own: the first one of its day, or a separate one."""
    if not entry["waits"]:
        return True
    for other in patient["entries"].values():
        is_before = other["name"] == entry["first"] or (other["waits"] and other["first"] == entry["first"])
        stands = other["void_since"] is None and other["day"] == entry["day"] and other is not entry
        if stands and is_before and number_of(other) < number_of(entry):
            return False
    return entry["void_since"] is None


def number_of(entry: Entry) -> int:
    """The place of the entry in the order of recording."""
    return int(entry["name"][1:])


def separate(patient: Patient, name: str) -> None:
    patient["entries"][name] |= {"waits": False, "since": now(patient)}
    place_all(patient)


def report(patient: Patient, name: str, days: list[date]) -> None:
    for day in days:
        patient["reports"].setdefault(name, []).append(new_entry(patient, f"{name} {day}", day))
    place_all(patient)


def unreport(patient: Patient, name: str) -> None:
    del patient["reports"][name]
    place_all(patient)


def keeps_place(patient: Patient, entry: Entry) -> bool:
    """Whether no other entry has the place of a voided one among the others."""
    if entry["void_since"] is None:
        return True
    later = (one for one in patient["entries"].values() if one["waits"] and one["first"] == entry["name"])
    return not any(one["void_since"] is None and one["day"] == entry["day"] for one in later)


def now(patient: Patient) -> int:
    patient["time"] += 1
    time: int = patient["time"]
    return time


def place_all(patient: Patient) -> None:
    """Every dose into its course, from the days of all of them. A dose that is new keeps what it sees."""
    own = [one for one in patient["entries"].values() if is_counted(patient, one) and keeps_place(patient, one)]
    days = {one["day"] for one in own if one["void_since"] is None}
    told: dict[date, Entry] = {}
    for entries in patient["reports"].values():
        for one in entries:
            if one["day"] not in days:
                told.setdefault(one["day"], one)
    before = {course["key"]: course for course in patient["courses"]}
    patient["courses"] = []
    for dose in sorted([*own, *told.values()], key=lambda one: (one["day"], one["since"])):
        place(patient, dose, before)
    for course in patient["courses"]:
        course["doses"] = [dose for dose in course["all"] if dose["void_since"] is None]
    settle(patient)


def place(patient: Patient, dose: Entry, before: dict[int, Entry]) -> None:
    """The dose into a course of those before it; a voided one counts for what was on record when it was voided."""
    for course in patient["courses"]:
        seen = (one for one in course["all"] if one["void_since"] is None or one["void_since"] > dose["since"])
        course["doses"] = list(seen)
    found = course_of_a_dose(patient, dose["day"])
    if found is None:
        taken = [one["key"] for one in patient["courses"]]
        key = dose["key"]
        if key is None or key in taken:
            key = max([*taken, *before, *patient["closed_keys"]], default=0) + 1
        kept = before.get(key, {"closed": None, "was_whole": False})
        found = {"key": key, "doses": [], "all": [], "closed": kept["closed"], "was_whole": kept["was_whole"]}
        patient["courses"].append(found)
    if dose["key"] is None:
        dose["key"] = found["key"]
        dose["approval"] = approval_on(patient, dose["day"], found["key"])
    found["all"].append(dose)


def close(patient: Patient, number: int, day: date) -> None:
    course = patient["courses"][number - 1]
    course["closed"] = day
    patient["closed_keys"].append(course["key"])


def approve(patient: Patient, doses: int, day: date) -> None:
    through = day + timedelta(days=29)
    key = key_of_a_dose_to_come(patient, day)
    patient["approvals"].append({"doses": doses, "from": day, "through": through, "key": key})


def key_of_a_dose_to_come(patient: Patient, day: date) -> int:
    """Of the unfinished course that still runs, or of the next: an approval is for no excess dose."""
    last = patient["courses"][-1] if patient["courses"] else None
    if last is not None and is_unfinished(patient, last) and is_running(patient, last, day):
        key: int = last["key"]
        return key
    keys = [one["key"] for one in patient["courses"]]
    return max([*keys, *patient["closed_keys"], len(keys)], default=0) + 1


def settle(patient: Patient) -> None:
    """Courses without doses fall away, but for one that was whole and is followed by another; one thing at a time."""
    while True:
        courses = patient["courses"]
        for course in courses:
            if len(course["doses"]) >= whole(patient, course):
                course["was_whole"] = True
        if courses and courses[-1]["was_whole"] and len(courses[-1]["doses"]) < whole(patient, courses[-1]):
            courses[-1]["was_whole"] = False
        empty = [one for one in courses if not one["doses"] and not one["was_whole"]]
        if not empty:
            return
        courses.remove(empty[0])


def status(patient: Patient, course: Entry) -> str:
    if len(course["doses"]) >= whole(patient, course):
        return "completed"
    if course["closed"] is not None:
        return "closed"
    return "short" if course["was_whole"] else "open"


def answer(patient: Patient, day: date) -> dict[str, Any]:
    courses = patient["courses"]
    last = courses[-1] if courses else None
    under_way = last if last is not None and is_unfinished(patient, last) and is_running(patient, last, day) else None
    path = "A" if last is None or (under_way is last and len(courses) == 1) else "B"
    given_days = [dose["day"] for course in courses for dose in course["doses"]]
    number = courses.index(under_way) + 1 if under_way is not None else len(courses) + 1
    given = len(under_way["doses"]) if under_way is not None else 0
    left_in_course = (FIRST if number == 1 else LATER) - given
    approval = approval_in_force(patient, day)
    waiting = [one for one in patient["entries"].values() if one["void_since"] is None and not is_counted(patient, one)]
    left_on_approval = 0
    if approval is not None:
        covered = [one for one in waiting if approval["from"] <= one["day"] <= approval["through"]]
        counted = [one for one in covered if key_of(patient, one) == approval["key"]]
        left_on_approval = max(0, approval["doses"] - len(used(patient, approval)) - len(counted))
    usable = 0
    if approval is not None and key_of_a_dose(patient, day) == approval["key"]:
        course = course_of_a_dose(patient, day)
        left = left_in_course if course is None or course is under_way else 0
        days = days_of(under_way) if under_way is not None else []
        left = max(0, left - sum(one["day"] in days for one in waiting))
        usable = min(left_on_approval, left)
    return {
        "path": path,
        "courses": [(status(patient, course), len(course["doses"])) for course in courses],
        "course_number": number,
        "doses_given": given,
        "doses_left_in_course": left_in_course,
        "doses_left_on_approval": left_on_approval,
        "doses_usable": usable,
        "last_dose_on": max(given_days, default=None),
        "next_course_from": a_year_after(max(given_days)) if path == "B" and under_way is None and given_days else None,
        "approval_through": approval["through"] if approval is not None else None,
    }


def key_of(patient: Patient, waiting: Entry) -> int | None:
    """Of the course of the entry that a waiting one is a second one of."""
    for course in patient["courses"]:
        if waiting["day"] in days_of(course):
            key: int = course["key"]
            return key
    return None


def used(patient: Patient, approval: Entry) -> list[Entry]:
    """Its doses: given under it, or before it was decided on a day that it covers."""
    found = []
    for course in patient["courses"]:
        for dose in course["doses"]:
            under = dose["approval"] or approval_on(patient, dose["day"], course["key"])
            if under is approval:
                found.append(dose)
    return found
