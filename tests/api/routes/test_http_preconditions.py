"""If-Match: a command that was meant for another state of the history is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from httpx2 import Response

from tests.api.callers import client_of
from tests.api.routes.commands.acts import PHYSICIAN, Api, dose, refused
from tests.api.routes.commands.stage import COMMANDS, stage
from tests.api.routes.commands.stages import KINDS, SERVES, Kind, staged
from tests.conftest import OpenLedger

ON_A_HISTORY = [name for name in COMMANDS if name != "open"]


@pytest.mark.parametrize("name", ON_A_HISTORY)
def test_a_command_on_an_older_history_is_refused(api: Api, name: str) -> None:
    on = stage(api)
    path, body = on.paths[name], on.bodies[name]
    older = api.client.get(f"/patients/{on.patient}/history").headers["etag"]
    api.did(f"/patients/{on.patient}/doses", dose("2026-01-05", "INF-other", source="other"))
    stored = on.stored()
    problem = refused(api.post(path, body, if_match=older), 412, "If-Match")
    assert problem["details"] == {"version": 5}
    others = f'"{"0" * 32}-5-history"'
    for useless in (others, '"garbage"', "garbage", older.replace("-4-", "-99-"), '""', ","):
        refused(api.post(path, body, if_match=useless), 412, "If-Match")
    assert on.stored() == stored


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_command_of_a_row_on_an_older_history_is_refused(api: Api, kind: Kind) -> None:
    """One history for all the rows that it serves, for none is accepted."""
    on = staged(api, kind, "M-1")
    older = api.client.get(f"/patients/{on.patient}/history").headers["etag"]
    api.did(f"/patients/{on.patient}/doses", dose("2026-01-05", "INF-other", source="other"))
    stored = on.stored()
    for name in SERVES[kind]:
        for stale in (older, '"garbage"', f'"{"0" * 32}-5-history"'):
            refused(api.post(on.paths[name], on.bodies[name], if_match=stale), 412, "If-Match")
    assert on.stored() == stored


def test_any_tag_of_the_patient_serves(api: Api) -> None:
    on = stage(api)
    questions = ("eligibility", "courses", "history", "audit-trail", "requests")
    for number, question in enumerate(questions, 1):
        tag = api.client.get(f"/patients/{on.patient}/{question}").headers["etag"]
        recorded = api.post(on.paths["dose"], dose(f"2026-01-0{number}"), if_match=tag)
        assert recorded.status_code == 201
        api.did(on.paths["dose"], dose(f"2026-02-0{number}"), if_match=f'"x", {recorded.headers["etag"]}')
        api.did(on.paths["dose"], dose(f"2026-03-0{number}"), if_match="*")


def at_once(*acts: Callable[[], Response]) -> Counter[int]:
    together = Barrier(len(acts))

    def run(act: Callable[[], Response]) -> int:
        together.wait()
        return act().status_code

    with ThreadPoolExecutor(len(acts)) as threads:
        return Counter(threads.map(run, acts))


@pytest.mark.parametrize("with_tag", [False, True], ids=["by digest alone", "with If-Match"])
def test_of_two_who_decide_at_once_one_wins(api: Api, open_here: OpenLedger, with_tag: bool) -> None:
    other = open_here()
    with client_of(other) as client:
        apis = (api, Api(client, other))
        for number in range(6):
            patient = api.opened(f"M-{number}")
            seen = api.submitted(patient)
            path = f"/requests/{seen['request']['request_id']}"
            tag = api.client.get(path).headers["etag"] if with_tag else None
            body = {"actor": PHYSICIAN, "assessment_digest": seen["assessment_digest"], "rationale": "Seen."}
            denial = body | {"citing": ["1.A.iii"]}
            statuses = at_once(
                lambda: apis[0].post(f"{path}/approve", body, if_match=tag),  # noqa: B023
                lambda: apis[1].post(f"{path}/deny", denial, if_match=tag),  # noqa: B023
            )
            assert statuses[200] == 1
            assert set(statuses) <= {200, 409, 412}
            assert api.version(patient) == 3
