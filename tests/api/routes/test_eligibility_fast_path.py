"""Ready answers: the same as by the long road, kept as long as they are true, and no longer."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from starlette.testclient import TestClient

from api.app import Application
from api.routes import eligibility_fast_path
from api.routes.eligibility_fast_path import OVERHEAD_BYTES_MAX, AnswerCache, EligibilityFastPath, Key, ReadyAnswer
from api.server.proxy import KnownHostsOnly
from domain.ledger.access_log.report import AccessQuery, accesses
from domain.policy.edition import Edition
from tests.api.callers import SpeakingHere, client_of
from tests.api.routes.commands.acts import Api
from tests.clock import Clock
from tests.conftest import OpenLedger
from tests.ledger.acts import dosed
from tests.policy.changed_rules import next_revision
from tests.security.test_roles import AS
from tests.story import OTHER_OFFICE

__all__ = ["next_revision"]

NOBODY = "00000000-0000-4000-8000-000000000000"


def fast_path(client: TestClient) -> EligibilityFastPath:
    road: EligibilityFastPath = client.app.fast_path  # type: ignore[attr-defined]
    return road


@pytest.fixture
def by_the_long_road(api: Api) -> Iterator[SpeakingHere]:
    with client_of(api.ledger, without_the_short_road) as client:
        yield client


def without_the_short_road(app: Application) -> Application:
    app.fast_path = None
    return app


def made_times(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one whenever an answer is made, and not where it was at hand."""
    versions: list[int] = []
    make = eligibility_fast_path.made

    def counted(history: Any, day: date, office: str | None) -> ReadyAnswer:
        versions.append(history.version)
        return make(history, day, office)

    monkeypatch.setattr(eligibility_fast_path, "made", counted)
    return versions


def test_both_roads_answer_the_same(api: Api, by_the_long_road: TestClient) -> None:
    known, asked = api.opened(), api.opened("M-2")
    api.submitted(asked)
    api.dosed(asked, "2026-04-20", "2026-04-21")
    queries = ("", "?as_of=2026-04-21", "?as_of=2020-01-01", "?as_of=2026-02-30", "?as_of=0000-01-01", "?as_of=")
    queries += ("?as_of=9999-12-31", "?as_of=0001-01-01", "?known_at=2026-04-28T16:00:00Z", "?edition=2024-10-09")
    queries += ("?as_of=2026-04-21&as_of=2026-04-22", "?as_off=2026-04-21", "?as_of=2026%2D04%2D21")
    spellings = [known, asked, asked.upper(), asked.replace("-", ""), NOBODY, "nobody", f"urn:uuid:{asked}"]
    for path in [f"/patients/{one}/eligibility{query}" for one in spellings for query in queries]:
        tag = by_the_long_road.get(path).headers.get("etag", '"none"')
        tags = (tag, f"W/{tag}", f'"other", {tag}', "*", '"other"', "") if asked in path else ()
        for held in (None, *tags):
            headers = {"If-None-Match": held} if held is not None else {}
            answers = [client.get(path, headers=headers) for client in (by_the_long_road, api.client, api.client)]
            assert len({(one.status_code, one.content, str(one.headers.raw)) for one in answers}) == 1, (path, held)
    for method in ("HEAD", "POST", "DELETE", "OPTIONS"):
        pair = [one.request(method, f"/patients/{asked}/eligibility") for one in (by_the_long_road, api.client)]
        assert len({(one.status_code, one.content, str(one.headers.raw)) for one in pair}) == 1, method


def test_both_roads_answer_every_role_the_same_and_record_it(api: Api, by_the_long_road: SpeakingHere) -> None:
    """For whatever purpose she asks, and whether she may see it or not; a look that the answer confirms is one too."""
    patient = api.opened()
    api.submitted(patient)
    api.dosed(patient, "2026-04-20")
    tags = {}
    for actor in (*AS.values(), OTHER_OFFICE):
        roads: list[Any] = [by_the_long_road, api.client, api.client]
        whose = [{"Authorization": one.header_of(actor)} for one in roads]
        path = f"/patients/{patient}/eligibility"
        tag = by_the_long_road.get(path, headers=whose[0]).headers.get("etag", '"none"')
        tags[actor.id] = tag
        for more in ({}, {"If-None-Match": tag}, {"X-Purpose-Of-Use": "TREAT"}, {"X-Purpose-Of-Use": "curiosity"}):
            answers = [road.get(path, headers=who | more) for road, who in zip(roads, whose, strict=True)]
            assert len({(one.status_code, one.content, str(one.headers.raw)) for one in answers}) == 1, actor.id
    shown = [one for one in tags if tags[one] != '"none"']
    assert shown == ["office.7", "r.nurse", "d.second", "a.neuro", "a.auditor", "claims"]
    # The first answer, and each of three that show it by three roads; one purpose is none.
    logs = [one.app.state.accesses for one in (by_the_long_road, api.client)]  # type: ignore[attr-defined]
    for one in logs:
        one.flush()
    seen = Counter(one.actor_id for one in accesses(api.ledger, AccessQuery(UUID(patient), limit=200)).items)
    assert seen == dict.fromkeys(shown, 1 + 3 * 3)


def test_an_answer_is_made_once_and_then_at_hand(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    patient, times = api.opened(), made_times(monkeypatch)
    for _ in range(3):
        api.eligibility(patient)
        api.eligibility(patient, as_of="2026-04-28")
    assert times == [1]
    api.eligibility(patient, as_of="2026-04-27")
    assert times == [1, 1]


def test_a_write_of_another_process_is_read_at_once(
    api: Api, open_here: OpenLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient, another, times = api.opened(), open_here(), made_times(monkeypatch)
    for day in range(3):
        before = api.client.get(f"/patients/{patient}/eligibility").headers["etag"]
        dosed(another, UUID(patient), day)
        answer = api.client.get(f"/patients/{patient}/eligibility", headers={"If-None-Match": before})
        assert (answer.status_code, answer.json()["history_version"]) == (200, day + 2)
    assert times == [1, 2, 3, 4]


def test_midnight_in_the_plans_zone_makes_another_answer(
    api: Api, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient, times = api.opened(), made_times(monkeypatch)
    clock.at = datetime(2026, 4, 29, 3, 59, 59, tzinfo=UTC)
    assert api.eligibility(patient)["as_of"] == "2026-04-28"
    clock.advance(timedelta(seconds=1))
    assert api.eligibility(patient)["as_of"] == "2026-04-29"
    assert len(times) == 2


@pytest.mark.parametrize("store", ["sqlite"])
def test_a_revised_edition_makes_another_answer(api: Api, request: pytest.FixtureRequest) -> None:
    patient = api.opened()
    before = api.client.get(f"/patients/{patient}/eligibility")
    revised: Edition = request.getfixturevalue("next_revision")
    after = api.client.get(f"/patients/{patient}/eligibility", headers={"If-None-Match": before.headers["etag"]})
    assert (before.json()["approvable"]["edition_revision"], after.status_code) == (2, 200)
    assert after.json()["approvable"]["edition_revision"] == revised.revision == 3


def test_a_tag_is_the_patient_the_version_the_day_the_edition_and_what_the_caller_may_see(api: Api) -> None:
    patient = api.opened()
    answer = api.client.get(f"/patients/{patient}/eligibility?as_of=2026-04-28")
    assert answer.headers["etag"] == f'"{UUID(patient).hex}-1-eligibility-2026-04-28-whole-{edition_of(answer)}"'


def edition_of(answer: Any) -> str:
    judged = answer.json()["approvable"]
    return f"{judged['edition']}.{judged['edition_revision']}" if judged is not None else "no-edition"


def test_those_who_ask_together_have_it_made_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    patient, times = api.opened(), made_times(monkeypatch)
    road = fast_path(api.client)  # type: ignore[arg-type]

    async def together() -> list[ReadyAnswer]:
        return await asyncio.gather(*(road.answered(UUID(patient), None, None) for _ in range(20)))

    answers = asyncio.run(together())
    assert len({one.tag for one in answers}) == 1
    assert times == [1]
    assert api.eligibility(patient)["history_version"] == 1
    assert times == [1]


@pytest.mark.parametrize("store", ["sqlite"])
def test_only_this_machine_is_answered(api: Api) -> None:
    path = f"/patients/{api.opened()}/eligibility"
    with client_of(api.ledger, KnownHostsOnly, base_url="http://localhost") as client:
        assert client.get(path).status_code == 200
        assert client.get(path, headers={"Host": "elsewhere.example"}).status_code == 421
        assert client.get(path, headers={"Origin": "https://elsewhere.example"}).status_code == 403


# -- what is kept -----------------------------------------------------------------------------


def a_key() -> Key:
    return Key(uuid4(), 1, "", date(2026, 4, 28), (("2025-07-23", 1),), None)


def an_answer(size: int) -> ReadyAnswer:
    return ReadyAnswer(1, str(uuid4()), bytes(size), (), ())


def test_the_memory_of_ready_answers_is_bounded() -> None:
    bytes_max = 4_000_000
    tracemalloc.start()
    try:
        answers, before = AnswerCache(bytes_max), tracemalloc.get_traced_memory()[0]
        for number in range(5_000):
            answers.keep(a_key(), an_answer(500 + number % 5_000))
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert 0.9 * bytes_max < answers.bytes_kept <= bytes_max
    assert taken <= bytes_max


def test_whoever_was_asked_for_longest_ago_goes_first() -> None:
    answers = AnswerCache(3 * (OVERHEAD_BYTES_MAX + 100))
    first, second, third, fourth = (a_key() for _ in range(4))
    for key in (first, second, third):
        answers.keep(key, an_answer(100))
    assert answers.get(first) is not None
    answers.keep(fourth, an_answer(100))
    assert [answers.get(key) is not None for key in (first, second, third, fourth)] == [True, False, True, True]
    answers.keep(second, an_answer(10_000))
    assert len(answers) == answers.bytes_kept == 0
