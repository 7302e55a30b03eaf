"""The worklist as a person works with it: what waits, whose it is, and taking it up."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from api.record_access.patient_access import patient_of
from domain.people import Actor
from tests import story
from tests.api.pages.desk import Desk
from tests.api.routes.commands.acts import FAILS, PENDS, Api
from tests.story import ADMINISTRATOR, AUDITOR, NEUROLOGIST, SECOND_NURSE

Desks = Callable[[Actor], Desk]
HOSTILE = """<script>alert("x")</script> O'Neil & Søn"""


@pytest.fixture
def waiting(api: Api) -> dict[str, str]:
    """Requests by what is to be told apart; the clock stands at noon of 28 April."""
    made = {
        "late": api.submitted(api.opened("M-1", name=HOSTILE), received_at="2026-04-01T09:00:00-04:00"),
        "urgent": api.submitted(api.opened("M-2"), PENDS, received_at="2026-04-28T09:00:00-04:00", urgency="urgent"),
        "medicaid": api.submitted(
            api.opened("M-3"), received_at="2026-04-27T09:00:00-04:00", line_of_business="medicaid"
        ),
    }
    return {name: str(seen["request"]["request_id"]) for name, seen in made.items()}


def holder(api: Api, request_id: str) -> str | None:
    request = api.ledger.history(patient_of(request_id)).request(request_id)
    assert request is not None
    return request.held_by.id if request.held_by is not None else None


def shown(desk: Desk, waiting: dict[str, str], **query: str) -> set[str]:
    page = desk.opens(f"/pages/worklist?{urlencode(query)}")
    assert page.status == 200, page.text
    return {name for name, identifier in waiting.items() if f'id="row-{identifier}"' in page.html}


def test_an_empty_list_says_what_to_do_first(desk: Desks) -> None:
    page = desk(story.NURSE).opens("/pages/worklist")
    assert "Nothing waits." in page.text
    assert "Find a patient" in page.text


def test_a_row_shows_who_acts_next_and_whether_it_is_overdue(desk: Desks, waiting: dict[str, str]) -> None:
    page = desk(story.NURSE).opens("/pages/worklist")
    assert "All 3 Open 3 Awaiting information 0" in page.text
    late = page.html.split(f'id="row-{waiting["late"]}"')[1].split("</tr>")[0]
    assert "Overdue" in late
    assert "waits for a reviewer" in late
    assert f'href="/pages/requests/{waiting["late"]}"' in late
    urgent = page.html.split(f'id="row-{waiting["urgent"]}"')[1].split("</tr>")[0]
    assert "Urgent" in urgent
    assert 'href="/pages/policy/1.A.iii.d(3)' in urgent
    assert "waits for the prescriber, information not requested yet" in urgent


def test_the_list_names_no_patient(desk: Desks, waiting: dict[str, str]) -> None:
    page = desk(story.NURSE).opens("/pages/worklist")
    assert not any(one in page.html for one in ("O'Neil", "O&#39;Neil", "alert(", "Alma", "M-1", "1988"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"standing": "overdue"}, {"late", "medicaid"}),
        ({"standing": "at_risk"}, set()),
        ({"standing": "pressing"}, {"late", "medicaid"}),
        ({"urgency": "urgent"}, {"urgent"}),
        ({"line_of_business": "medicaid"}, {"medicaid"}),
        ({"missing": "1.A.iii.d(3)"}, {"urgent"}),
        ({"recommendation": "approve", "path": "A"}, {"late", "medicaid"}),
        ({"state": "referred"}, set()),
        ({"kind": "appeal"}, set()),
        ({"held": "nobody", "urgency": "", "path": ""}, {"late", "urgent", "medicaid"}),
        ({"held": "mine"}, set()),
    ],
)
def test_what_is_asked_for_stands_in_the_address(
    desk: Desks, waiting: dict[str, str], query: dict[str, str], expected: set[str]
) -> None:
    assert shown(desk(story.NURSE), waiting, **query) == expected


def test_the_filter_sends_what_was_chosen_and_shows_it_again(desk: Desks, waiting: dict[str, str]) -> None:
    at = desk(story.NURSE)
    page = at.sends(at.opens("/pages/worklist", sort="received_at"), "filter", urgency="urgent")
    assert page.form("filter").fields["urgency"] == ["urgent"]
    assert page.form("filter").fields["sort"] == ["received_at"]
    assert "1 shown" in page.text


def test_an_address_that_asks_for_what_there_is_not_is_refused_as_a_page(desk: Desks) -> None:
    page = desk(story.NURSE).opens("/pages/worklist", state="on the moon")
    assert page.status == 422
    assert "Nothing was lost" in page.text


def test_headings_sort_and_sort_back(desk: Desks, waiting: dict[str, str]) -> None:
    page = desk(story.NURSE).opens("/pages/worklist", urgency="standard")
    assert 'aria-sort="ascending"><a href="/pages/worklist?urgency=standard&amp;descending=true"' in page.html
    assert 'href="/pages/worklist?urgency=standard&amp;sort=received_at"' in page.html
    page = desk(story.NURSE).opens("/pages/worklist", sort="received_at", descending="true")
    places = [page.html.index(f'id="row-{waiting[one]}"') for one in ("urgent", "medicaid", "late")]
    assert places == sorted(places)


def test_a_claim_and_a_release_are_recorded_and_lead_back_to_the_list_as_it_was(
    api: Api, desk: Desks, waiting: dict[str, str]
) -> None:
    at, late = desk(story.NURSE), waiting["late"]
    page = at.sends(at.opens("/pages/worklist", standing="overdue"), f"claim-{late}")
    assert page.path == "/pages/worklist"
    assert parse_qs(urlsplit(str(page.answer.url)).query)["standing"] == ["overdue"]
    assert "Recorded: request assigned" in page.text
    assert holder(api, late) == story.NURSE.id
    assert shown(at, waiting, held="mine") == {"late"}
    page = at.sends(page, f"release-claim-{late}")
    assert holder(api, late) is None
    assert page.has_form(f"claim-{late}")


def test_who_loses_a_race_is_told_who_has_it(api: Api, desk: Desks, waiting: dict[str, str]) -> None:
    slow, quick = desk(story.NURSE), desk(SECOND_NURSE)
    stale, claim = slow.opens("/pages/worklist"), f"claim-{waiting['late']}"
    quick.sends(quick.opens("/pages/worklist"), claim)
    page = slow.sends(stale, claim)
    assert page.status == 409
    assert "Renate Nurse has it now" in page.text
    assert holder(api, waiting["late"]) == SECOND_NURSE.id


def test_a_claim_sent_twice_is_done_once(api: Api, desk: Desks, waiting: dict[str, str]) -> None:
    at, late = desk(story.NURSE), waiting["late"]
    page = at.opens("/pages/worklist")
    at.sends(page, f"claim-{late}")
    before = api.events_stored()
    assert at.sends(page, f"claim-{late}").status == 200
    assert api.events_stored() == before


def test_facts_that_come_meanwhile_do_not_keep_a_request_from_being_claimed(
    api: Api, desk: Desks, waiting: dict[str, str]
) -> None:
    at, late = desk(story.NURSE), waiting["late"]
    page = at.opens("/pages/worklist")
    api.dosed(late.split(".")[0], "2026-04-20")
    assert at.sends(page, f"claim-{late}").status == 200
    assert holder(api, late) == story.NURSE.id


def test_a_user_who_may_not_claim_is_shown_why(desk: Desks, waiting: dict[str, str]) -> None:
    page = desk(AUDITOR).opens("/pages/worklist")
    assert not page.has_form(f"claim-{waiting['late']}")
    assert "not yours to claim (1)" in page.text
    assert "An auditor may not assign the request" in page.text


def test_an_appeal_is_claimed_by_a_user_who_may_decide_it_and_not_by_the_first_decision_maker(
    api: Api, desk: Desks
) -> None:
    appeal = api.appealed(api.denied(api.opened("M-1"), FAILS))
    at = desk(NEUROLOGIST)
    page = at.sends(at.opens("/pages/worklist"), f"claim-{appeal}")
    assert "Recorded: appeal assigned" in page.text
    other = api.appealed(api.denied(api.opened("M-2"), FAILS))
    assert not desk(story.PHYSICIAN).opens("/pages/worklist").has_form(f"claim-{other}")
    assert not desk(story.NURSE).opens("/pages/worklist").has_form(f"claim-{other}")


@pytest.mark.parametrize("actor", [story.OFFICE, ADMINISTRATOR], ids=lambda one: one.role)
def test_a_user_who_may_not_see_the_list_is_shown_so(desk: Desks, waiting: dict[str, str], actor: Actor) -> None:
    page = desk(actor).opens("/pages/worklist")
    assert page.status == 403
    assert waiting["late"] not in page.html


def test_pages_follow_each_other_by_their_ends(api: Api, desk: Desks) -> None:
    made = [str(api.submitted(api.opened(f"M-{one}"))["request"]["request_id"]) for one in range(53)]
    first = desk(story.NURSE).opens("/pages/worklist?path=A")
    assert "50 shown" in first.text
    following = first.html.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = desk(story.NURSE).opens(following)
    assert "3 shown, further down" in second.text
    on = [one for page in (first, second) for one in made if f'id="row-{one}"' in page.html]
    assert sorted(on) == sorted(made)


def test_the_part_that_refreshes_itself_sends_nothing_if_unchanged_and_that_is_no_access(
    api: Api, desk: Desks, waiting: dict[str, str]
) -> None:
    at = desk(story.NURSE)
    page = at.opens("/pages/worklist", urgency="standard")
    again = page.html.split('hx-get="/pages/worklist/rows')[1].split('"')[0].replace("&amp;", "&")

    patient, auditor = waiting["late"].split(".")[0], desk(AUDITOR).browser

    def looks() -> int:
        answer = auditor.get(f"/patients/{patient}/accesses", params={"limit": 200})
        assert answer.status_code == 200, answer.text
        return answer.text.count('"view":"worklist"')

    before = looks()
    assert before > 0
    answer = at.browser.get(f"/pages/worklist/rows{again}")
    assert (answer.status_code, answer.text) == (204, "")
    assert looks() == before
    at.sends(page, f"claim-{waiting['late']}")
    answer = at.browser.get(f"/pages/worklist/rows{again}")
    assert answer.status_code == 200
    assert "<h1" not in answer.text
    assert f'id="form-release-claim-{waiting["late"]}"' in answer.text
