"""Nothing that an office is answered depends on how many events another office has on the same patient.

Each operation, page and form that an office may use is asked on two ledgers. On one of them, another office's events
are recorded between all events of the first office. The whole answers are the same: status, headers and body, but for
`EXCEPTIONS`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import NamedTuple

import pytest
from httpx2 import Response
from pypdf import PdfReader

from domain.permissions.commands import MAY as MAY_COMMAND
from tests.api.callers import spoken_for
from tests.api.pages.test_roles_of_pages import MAY as MAY_PAGE
from tests.api.record_access.shared_patients import World, two_worlds
from tests.api.record_access.test_every_page import FORMS, flattened, label_of, patient_in
from tests.api.routes.commands import stages
from tests.api.routes.commands.acts import Json
from tests.api.routes.commands.recipes import Recipe
from tests.api.routes.commands.stage import Stage
from tests.api.routes.commands.stages import Kind
from tests.security.test_roles import MAY, OPERATIONS

OF_THE_LOG = {
    "GET /health/views": "The position of the log counts the events of all patients.",
    "GET /seal/checkpoint": "A checkpoint has the size and the root of the log of all patients, and is published.",
    "GET /seal/checkpoints": "As `/seal/checkpoint`.",
    "GET /seal/consistency": "As `/seal/checkpoint`.",
    "GET /seal/health": "As `/seal/checkpoint`.",
    "GET /seal/key": "The keys are of the ledger, so they differ between the two.",
}
"""Operations whose numbers are of the whole ledger, and of no patient."""


class Allowed(NamedTuple):
    """What may differ in the answers of these operations and pages, and why."""

    pattern: str
    where: frozenset[str]
    reason: str


EXCEPTIONS = (
    Allowed(
        r"(?<=\.r)\d+",
        frozenset({"POST /patients/{patient_id}/requests"}),
        "The id of a new request is its number among the requests of the patient. Ids are stored and never change.",
    ),
    Allowed(
        r'(?<="leaf_index":)\d+|(?<="checkpoint":)\{[^}]*\}',
        frozenset({"GET /requests/{request_id}/seal"}),
        "The office can hold the plan to the leaf and its checkpoint, which count the events of all patients.",
    ),
    Allowed(
        r"(?<=leaf )\d+(?: under the checkpoint of \d+)?",
        frozenset({"/pages/requests/{request_id}"}),
        "As `/requests/{request_id}/seal`.",
    ),
    Allowed(
        r"(?<=Leaf</dt><dd>)\d+|(?<=Leaf )\d+|(?<=the checkpoint of )\d+(?= leaves)",
        frozenset({"/pages/requests/{request_id}/notice/{kind}", "/pages/notices/{notice_id}"}),
        "As `/requests/{request_id}/seal`.",
    ),
)

ASKED = [one for one in OPERATIONS if MAY[one]["requester"] in ("own", "yes") and one not in OF_THE_LOG]
DECIDED = (
    "GET /patients/{patient_id}/requests",
    "GET /patients/{patient_id}/courses",
    "GET /patients/{patient_id}/eligibility",
    "GET /requests/{request_id}",
    "GET /requests/{request_id}/life",
    "GET /requests/{request_id}/seal",
)
"""Questions that show more of a request with a determination and an appeal."""

PAGES: dict[str, Kind | None] = {
    "/pages/patients/{patient_id}": None,
    "/pages/patients/{patient_id}/requests/new": None,
    "/pages/requests/{request_id}": stages.appealed,
    "/pages/requests/{request_id}/notice/{kind}": stages.denied,
    "/pages/requests/{request_id}/appeals/new": stages.denied,
    "/pages/documents/{document_id}": stages.answered,
    "/pages/notices/{notice_id}": stages.answered,
    "/pages/appeals/{appeal_id}": stages.appealed,
}
"""The pages about a patient that an office may open, and the history that each is opened on."""
PAPERS = ("/pages/requests/{request_id}/notice/{kind}", "/pages/notices/{notice_id}")

OFFICE_FORMS = [
    *(
        (f"{page}/{name}", label_of(form.terms))
        for page, forms in FORMS.items()
        for name, form in forms.items()
        if "requester" in MAY_COMMAND[form.terms]  # type: ignore[index]
    ),
    ("/pages/patients", "POST /patients"),
    ("/pages/patients/{patient_id}/requests/new", "POST /patients/{patient_id}/requests"),
    ("/pages/requests/{request_id}/appeals", "POST /requests/{request_id}/appeals"),
    ("/pages/notices/{notice_id}/delivered", "POST /notices/{notice_id}/delivered"),
]
"""The forms that an office may send, and the operation that takes the same command."""


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    with two_worlds(tmp_path_factory.mktemp("worlds")) as both:
        yield both


def whole(answer: Response, where: str) -> str:
    """The answer as text, without random ids and what is allowed to differ."""
    # The length follows from the body.
    headers = [f"{name}: {value}" for name, value in sorted(answer.headers.items()) if name != "content-length"]
    text = "\n".join([str(answer.status_code), *headers, body_of(answer)])
    for one in EXCEPTIONS:
        if where in one.where:
            text = re.sub(one.pattern, "#", text)
    # The key of a form, and the ids of patients and commands, are random.
    text = re.sub(r'(?<=name="key" value=")[^"]+', "#", text)
    found: dict[str, str] = {}
    hyphened = "-".join(f"[0-9a-f]{{{count}}}" for count in (8, 4, 4, 4, 12))
    return re.sub(
        rf"(?<![0-9a-f])(?:{hyphened}|[0-9a-f]{{32}})(?![0-9a-f])",
        lambda match: found.setdefault(match[0].replace("-", ""), f"id{len(found)}"),
        text,
    )


def body_of(answer: Response) -> str:
    if answer.headers.get("content-type") != "application/pdf" or b"/Producer" not in answer.content:
        return answer.text
    reader = PdfReader(BytesIO(answer.content))
    assert reader.metadata is not None
    return "\n".join([str(reader.metadata.creation_date), *(page.extract_text() for page in reader.pages)])


def test_each_page_and_each_exception_is_one_that_is_asked() -> None:
    assert {one for one, may in MAY_PAGE.items() if may["requester"] == "own"} == set(PAGES)
    asked = {*ASKED, *PAGES}
    assert all(one.where <= asked for one in EXCEPTIONS)
    assert set(OF_THE_LOG) <= {one for one in OPERATIONS if MAY[one]["requester"] == "yes"}
    assert len(ASKED) > 30
    assert len(OFFICE_FORMS) > 10


@pytest.mark.parametrize("label", ASKED)
def test_an_operation_answers_as_if_there_were_no_other_office(worlds: tuple[World, World], label: str) -> None:
    check_same(label, [world.asked(label, world.recipe(label)) for world in worlds])


@pytest.mark.parametrize("label", DECIDED)
@pytest.mark.parametrize("kind", [stages.appealed, stages.approved])
def test_a_question_about_what_is_decided_is_answered_so_too(
    worlds: tuple[World, World], label: str, kind: Kind
) -> None:
    on = [world.stage(kind) for world in worlds]
    # Without a query, the fast path answers a question of eligibility. With this one, FastAPI does.
    now = worlds[0].api.ledger.now().isoformat()
    for query in ({}, {"known_at": now}) if "seal" not in label else ({},):
        recipes = [Recipe(of_path(label, one), query) for one in on]
        check_same(label, [world.asked(label, one) for world, one in zip(worlds, recipes, strict=True)])


def of_path(label: str, on: Stage) -> Json:
    return {name: value for name, value in on.ids.items() if f"{{{name}}}" in label}


def check_same(where: str, answers: list[Response], status: tuple[int, ...] = (200, 201)) -> None:
    assert answers[0].status_code in status, answers[0].text[-900:]
    alone, shared = (whole(one, where) for one in answers)
    assert shared == alone


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_as_if_there_were_no_other_office(worlds: tuple[World, World], page: str) -> None:
    for paper in (False, True) if page in PAPERS else (False,):
        check_same(page, [world.shown(address_of(world, page) + ("/paper" if paper else "")) for world in worlds])


def address_of(world: World, page: str) -> str:
    on = world.stage(PAGES[page])
    ids = {"patient_id": on.patient, "kind": "denial"} | on.ids
    return page.format(**ids)


@pytest.mark.parametrize(("page", "label"), OFFICE_FORMS)
def test_the_answer_to_a_form_is_as_if_there_were_no_other_office(
    worlds: tuple[World, World], page: str, label: str
) -> None:
    answers = []
    for world in worlds:
        fine = world.recipe(label)
        body, _ = spoken_for(fine.body)
        if "documents" in body:
            body = {"received_at": body["received_at"], "statement": {"rems_enrolled": True}}
        ids = {"patient_id": patient_in(fine.path)} | fine.path if fine.path else {}
        form: dict[str, list[str]] = {}
        for field, text in flattened(body):
            form.setdefault(field, []).append(text)
        answers.append(world.shown(page.format(**ids), form))
    check_same(label, answers, (303,))
    assert "&event=" in answers[0].headers["location"]


@pytest.mark.parametrize("exception", EXCEPTIONS, ids=lambda one: one.reason)
def test_each_exception_is_needed(
    worlds: tuple[World, World], exception: Allowed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.api.record_access.test_numbers_of_offices.EXCEPTIONS", ())
    for where in exception.where:
        if where in PAGES:
            answers = [world.shown(address_of(world, where)) for world in worlds]
        else:
            decided = where in DECIDED
            recipes = [
                Recipe(of_path(where, world.stage(stages.appealed))) if decided else world.recipe(where)
                for world in worlds
            ]
            answers = [world.asked(where, one) for world, one in zip(worlds, recipes, strict=True)]
        alone, shared = (whole(one, where) for one in answers)
        assert alone != shared
        assert re.sub(exception.pattern, "#", alone) == re.sub(exception.pattern, "#", shared)
