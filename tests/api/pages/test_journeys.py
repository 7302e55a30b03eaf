"""Whole journeys in a real Chromium, as people go them: from the first sign-in to an overturned denial.

Every patient is called by a name that would be a script if it were not escaped, and every page is watched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from api.app import Application
from api.record_access.patient_access import patient_of
from domain.events import PatientEvent
from domain.ledger.sealing.sealing import Sealing
from domain.people import Actor
from tests import story
from tests.api.pages.test_notice_pages import HOSTILE, denied
from tests.api.routes.commands.acts import FAILS, MRI, NURSE, PDF, PENDS, Api
from tests.browser.fixtures import Visit
from tests.browser.serving import listening, sign_in
from tests.browser.watching import opened
from tests.clock import Clock
from tests.story import ADMINISTRATOR, AUDITOR, NEUROLOGIST

REFUSED = "Failed to load resource"
"""What a browser says in its console of an answer that refuses, which is meant."""


def heading(page: Page) -> Any:
    return expect(page.get_by_role("heading", level=1))


def opens_act(page: Page, label: str) -> None:
    page.locator("summary", has_text=re.compile(f"^{label}$")).first.click()


def events(api: Api, identifier: str) -> list[PatientEvent]:
    return list(api.ledger.events(patient_of(identifier)))


def kinds(api: Api, identifier: str) -> list[str]:
    return [type(one).__name__ for one in events(api, identifier)]


def id_of(page: Page) -> str:
    return page.url.partition("?")[0].rpartition("/")[2].partition("#")[0]


def submits(page: Page, statement: dict[str, str]) -> str:
    """The new request's form, filled in; the id of what was submitted."""
    page.get_by_label("Name", exact=True).fill("Nora Neuro")
    page.locator("[name='prescriber.specialty']").select_option("neurology")
    for place, value in statement.items():
        field = page.locator(f"[name='{place}']")
        if field.first.get_attribute("type") == "radio":
            page.locator(f"[name='{place}'][value='{value}']").check()
        elif field.first.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.first.fill(value)
    page.get_by_role("button", name="Submit", exact=False).last.click()
    page.wait_for_url(re.compile(r"/pages/requests/[0-9a-f-]+\.r\d+"))
    return id_of(page)


MEETS: dict[str, str] = {
    "line_of_business": "commercial",
    "statement.diagnosis": "multiple_sclerosis",
    "statement.ms_form": "relapsing_remitting",
    "statement.agents.0.product": "Avonex",
    "statement.agents.0.outcome": "inadequate_efficacy",
    "statement.agents.0.stopped_on": "2018-01",
    "statement.agents.1.product": "Aubagio",
    "statement.agents.1.outcome": "significant_intolerance",
    "statement.agents.1.stopped_on": "2019-01",
    "statement.agents_list_is_complete": "true",
    "statement.other_dmt_continues": "false",
    "statement.received_lemtrada": "false",
    "statement.hiv_infection": "false",
    "statement.active_infection": "false",
    "statement.hypersensitivity": "false",
    "statement.requested_dosing.mg_per_day": "12",
    "statement.requested_dosing.consecutive_days": "5",
    "statement.requested_dosing.route": "intravenous",
}


def test_from_the_first_sign_in_to_the_first_approval(api: Api, visit: Visit) -> None:
    administrator = visit(ADMINISTRATOR)
    administrator.goto("/pages")
    administrator.get_by_role("navigation").get_by_role("link", name="People").click()
    form = administrator.locator("#form-admit")
    form.get_by_label("Name", exact=True).fill("Rita Reviewer")
    form.get_by_label("Role").select_option("reviewer")
    form.get_by_label("Credential").select_option("nurse")
    form.get_by_role("button").click()
    link = administrator.locator(".notice.done pre").inner_text().strip()
    reviewer = visit()
    reviewer.goto(link)
    reviewer.get_by_role("button", name="Sign in").click()
    heading(reviewer).to_be_visible()
    reviewer.get_by_role("navigation").get_by_role("link", name="Patients").click()
    opening = reviewer.locator("form", has=reviewer.get_by_label(re.compile("Name")))
    opening.get_by_label(re.compile("Member id")).fill("ZQ-1")
    opening.get_by_label(re.compile("^Name")).fill(HOSTILE)
    opening.get_by_label(re.compile("Birth date|Born")).fill("1988-05-17")
    opening.get_by_role("button").click()
    reviewer.wait_for_url(re.compile(r"/pages/patients/[0-9a-f-]{36}"))
    if "/requests/new" not in reviewer.url:
        reviewer.get_by_role("link", name="New request").click()
    request_id = submits(reviewer, MEETS)
    expect(reviewer.get_by_text("The policy says: approve")).to_be_visible()
    expect(reviewer.get_by_text(HOSTILE).first).to_be_visible()
    assert "ZQ-1" not in reviewer.url
    assert "Neil" not in reviewer.title()
    opens_act(reviewer, "Approve")
    reviewer.locator("#form-approve button.send").dblclick()
    expect(reviewer.get_by_text("Recorded: course approved")).to_be_visible()
    assert kinds(api, request_id).count("CourseApproved") == 1, "pressed twice, done once"
    reviewer.go_back()
    heading(reviewer).to_contain_text("Request r1")
    reviewer.wait_for_load_state("networkidle")
    assert kinds(api, request_id).count("CourseApproved") == 1, "the back button does nothing again"


def pends(api: Api) -> str:
    request_id: str = api.submitted(api.opened(name=HOSTILE), PENDS)["request"]["request_id"]
    return request_id


def test_pended_answered_with_a_document_and_approved(api: Api, visit: Visit, tmp_path: Path) -> None:
    request_id = pends(api)
    reviewer, office = visit(story.NURSE), visit(story.OFFICE)
    reviewer.goto(f"/pages/requests/{request_id}")
    opens_act(reviewer, "Ask for information")
    expect(reviewer.locator("#form-request-information")).to_contain_text(MRI)
    reviewer.locator("#form-request-information button.send").click()
    expect(reviewer.get_by_text("Recorded: information requested")).to_be_visible()
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(PDF)
    office.goto(f"/pages/requests/{request_id}")
    opens_act(office, "Add facts or a document")
    form = office.locator("#form-supply-information")
    form.get_by_label("Kind").select_option("mri_report")
    form.get_by_label("For clause").select_option(MRI)
    form.get_by_label("File").set_input_files(scan)
    form.get_by_text("Facts; what is left").click()
    form.locator("[name='statement.aggressive_disease.mri.documentation']").select_option("attached")
    form.locator("button.send").click()
    expect(office.get_by_text("Recorded: information received")).to_be_visible()
    reviewer.goto(f"/pages/documents/{patient_of(request_id)}.f1")
    reviewer.locator("#form-review").get_by_label("It supports the finding").select_option("true")
    reviewer.locator("#form-review button.send").click()
    expect(reviewer.get_by_text("Recorded: document reviewed")).to_be_visible()
    reviewer.goto(f"/pages/requests/{request_id}")
    opens_act(reviewer, "Approve")
    reviewer.locator("#form-approve button.send").click()
    expect(reviewer.get_by_text("Recorded: course approved")).to_be_visible()


def test_an_interrupted_course_is_seen_and_goes_on(api: Api, visit: Visit) -> None:
    patient = api.opened(name=HOSTILE)
    api.dosed(patient, "2026-04-20", "2026-04-21")
    page = visit(story.NURSE)
    page.goto(f"/pages/patients/{patient}")
    expect(page.get_by_text("2 given, 3 left").first).to_be_visible()
    opens_act(page, "Record a dose")
    form = page.locator("#form-dose")
    form.get_by_label("Given on").fill("2026-04-24")
    form.get_by_label("Reference").fill("INF-3")
    form.locator("button.send").click()
    expect(page.get_by_text("Recorded: dose given")).to_be_visible()
    expect(page.get_by_text("3 given, 2 left").first).to_be_visible()
    mark = page.locator(".mark.dot").last
    mark.focus()
    expect(page.locator("#told")).to_contain_text("not consecutive")


def test_denied_appealed_replayed_and_overturned(api: Api, visit: Visit) -> None:
    request_id = api.submitted(api.opened(name=HOSTILE), FAILS)["request"]["request_id"]
    director = visit(story.PHYSICIAN)
    director.goto(f"/pages/requests/{request_id}")
    opens_act(director, "Deny")
    director.locator("#form-deny").get_by_label("The reason, in plain language").fill(
        "Nothing was tried <i>before</i>."
    )
    director.get_by_role("button", name="Preview the letter").click()
    expect(director.locator("#preview")).to_contain_text("Nothing is decided, and this was not sent")
    assert "RequestDenied" not in kinds(api, request_id)
    director.locator("#form-deny button.send").click()
    expect(director.get_by_text("Recorded: request denied")).to_be_visible()
    office = visit(story.OFFICE)
    office.goto(f"/pages/requests/{request_id}/appeals/new")
    office.get_by_label("Who files it").fill("Nora Neuro")
    office.get_by_label("Why the determination is wrong").fill("Two agents failed.")
    office.locator("#form-file button.send").click()
    office.wait_for_url(re.compile(r"/pages/appeals/"))
    appeal = id_of(office)
    agents = [{"product": one, "outcome": "inadequate_efficacy"} for one in ("Avonex", "Aubagio")]
    evidence = {"actor": NURSE, "received_at": "2026-04-28T12:00:00Z", "statement": {"agents": agents}}
    api.did(f"/appeals/{appeal}/evidence", evidence)
    appeals = visit(NEUROLOGIST)
    appeals.goto(f"/pages/appeals/{appeal}")
    expect(appeals.get_by_role("heading", name="What changed since, and by which event")).to_be_visible()
    appeals.get_by_label("Beside it, edition").select_option("2024-10-09")
    appeals.get_by_role("button", name="Show").click()
    # Before the answer, the page shows all editions.
    expect(appeals.get_by_role("columnheader", name="2023-11-15")).to_have_count(0)
    expect(appeals.get_by_role("columnheader", name="2024-10-09").first).to_be_visible()
    opens_act(appeals, "Decide")
    form = appeals.locator("#form-decide")
    form.get_by_label("Outcome").select_option("overturned")
    form.get_by_label("The reason, in plain language").fill("The record shows two agents.")
    form.locator("button.send").click()
    expect(appeals.get_by_text("Recorded: appeal decided")).to_be_visible()
    assert kinds(api, request_id)[-1] == "CourseApproved"


def test_a_correction_is_seen_at_two_known_at_moments_by_moving_the_handle(
    api: Api, visit: Visit, clock: Clock
) -> None:
    patient = api.opened(name=HOSTILE)
    api.dosed(patient, *(f"2026-03-{day:02}" for day in range(2, 7)))
    clock.advance(timedelta(days=2))
    reason = {"actor": NURSE, "reason": "Of another patient."}
    api.did(f"/doses/{patient}.d5/void", reason)
    page = visit(story.NURSE)
    page.goto(f"/pages/patients/{patient}")
    expect(page.get_by_text("4 given, 1 left").first).to_be_visible()
    handle = page.get_by_label("Known at moment")
    expect(handle).to_be_visible()
    page.get_by_label("As known at, by the plan's clock").fill("2026-04-28T23:00")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("0 given, 3 left").first).to_be_visible()
    expect(page.get_by_text("Not as it stands now")).to_be_visible()
    slider = page.get_by_label("As of day")
    slider.focus()
    slider.press("Home")
    expect(page).to_have_url(re.compile(r"as_of=2026-03-02"))
    expect(page.get_by_text("1 given, 4 left").first).to_be_visible()


def test_an_auditor_finds_who_changed_what_and_checks_the_proof(api: Api, visit: Visit) -> None:
    denied(api)
    cast("Sealing", api.client.app.state.sealing).seal_now()  # type: ignore[attr-defined]
    page = visit(AUDITOR)
    page.goto("/pages/audit")
    page.get_by_label("What").select_option(label="Request denied")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Request denied").click()
    expect(page.get_by_text("checked on the server as this page was made")).to_be_visible()
    page.get_by_role("button", name="Check it again in this browser").click()
    expect(page.get_by_text("The bytes on this page lead to the root of the checkpoint.")).to_be_visible()
    page.goto("/pages/audit/verify")
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_text("internally consistent only").first).to_be_visible()


def test_a_lost_server_loses_no_typed_text(api: Api, visit: Visit) -> None:
    request_id = pends(api)
    page = visit(story.NURSE, allowed=(REFUSED, "net::ERR", "htmx:"))
    page.goto(f"/pages/requests/{request_id}")
    opens_act(page, "Refer to a clinician")
    note = page.locator("#form-refer textarea")
    note.fill("Please look at the MRI.")
    lost = re.compile(r"/refer$")

    def fails(route: Route) -> None:
        route.abort("connectionrefused")

    page.route(lost, fails)
    page.locator("#form-refer button.send").click()
    expect(page.locator("#trouble")).to_contain_text("Nothing was lost")
    expect(note).to_have_value("Please look at the MRI.")
    page.unroute(lost)
    page.locator("#form-refer button.send").click()
    expect(page.get_by_text("Recorded: referred to clinical review")).to_be_visible()
    assert kinds(api, request_id).count("RequestReferred") == 1


def test_what_moves_while_the_page_is_open_is_said_before_anything_is_decided(api: Api, visit: Visit) -> None:
    request_id = api.submitted(api.opened(name=HOSTILE))["request"]["request_id"]
    page = visit(story.NURSE, allowed=(REFUSED,))
    page.goto(f"/pages/requests/{request_id}")
    opens_act(page, "Approve")
    correction = {"actor": NURSE, "statement": FAILS, "reason": "It was another request's."}
    api.did(f"/requests/{request_id}/correct", correction)
    page.locator("#form-approve").get_by_label("Why").fill("As recommended.")
    page.locator("#form-approve button.send").click()
    expect(page.locator("#refused")).to_contain_text("This moved since the page was read")
    expect(page.locator("#refused")).to_contain_text("1.A.iii.a")
    assert "CourseApproved" not in kinds(api, request_id)


@pytest.fixture
def without_script(browser: Browser, api: Api) -> Iterator[Page]:
    with ExitStack() as stack:
        app = cast("Application", api.client.app)  # type: ignore[attr-defined]
        url = stack.enter_context(listening(app))
        page = stack.enter_context(opened(browser, url, script=False))
        yield sign_in(page, app, story.NURSE)


def test_everything_goes_without_script_and_by_keyboard(without_script: Page, api: Api) -> None:
    request_id = api.submitted(api.opened(name=HOSTILE))["request"]["request_id"]
    page = without_script
    page.goto(f"/pages/requests/{request_id}")
    summary = page.locator("summary", has_text=re.compile("^Approve$")).first
    summary.focus()
    page.keyboard.press("Enter")
    button = page.locator("#form-approve button.send")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Recorded: course approved")).to_be_visible()


@pytest.mark.parametrize("actor", [story.OFFICE, ADMINISTRATOR, AUDITOR], ids=lambda one: one.role)
def test_every_role_is_led_only_where_it_may_go(api: Api, visit: Visit, actor: Actor) -> None:
    api.submitted(api.opened(name=HOSTILE))
    page = visit(actor)
    page.goto("/pages")
    links = page.get_by_role("navigation", name="Main").get_by_role("link")
    for number in range(links.count()):
        address = links.nth(number).get_attribute("href")
        assert address is not None
        answer = page.request.get(address)
        assert answer.status == 200, (actor.role, address)
