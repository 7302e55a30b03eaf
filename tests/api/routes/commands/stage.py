"""A history on which every command would succeed, and each command's path and body."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.api.routes.commands.acts import MEETS_A, PHYSICIAN, REASON, Api, Json, claim, dose, opening, report, request

COMMANDS = (
    "open", "report", "submit", "approve", "deny", "refer", "dose", "claim", "void", "confirm", "dismiss", "close",
)  # fmt: skip
CLOSING: Json = {"actor": PHYSICIAN, "reason": "Severe infusion reactions."}


@dataclass(frozen=True)
class Stage:
    """`bodies` would each be accepted as the next command; `paths` are where they go, `ids` what is there."""

    api: Api
    patient: str
    paths: dict[str, str]
    bodies: dict[str, Json]
    ids: Json = field(default_factory=dict)

    def stored(self) -> int:
        return self.api.events_stored()


def stage(api: Api, member_id: str = "M-1") -> Stage:
    """An open request and an open course of one dose, with a second report of that dose."""
    patient = api.opened(member_id)
    first = api.dosed(patient, "2026-04-20")[0]
    second = api.did(f"/patients/{patient}/doses", dose("2026-04-20", "CLM-1", source="claim"))
    seen = api.submitted(patient, MEETS_A | {"received_lemtrada": True})
    about, request_id = f"/patients/{patient}", seen["request"]["request_id"]
    deciding = {"actor": PHYSICIAN, "assessment_digest": seen["assessment_digest"]}
    rationale = {"rationale": "She has had one dose of five."}
    return Stage(
        api,
        patient,
        paths={
            "open": "/patients",
            "report": f"{about}/prior-treatment",
            "submit": f"{about}/requests",
            "approve": f"/requests/{request_id}/approve",
            "deny": f"/requests/{request_id}/deny",
            "refer": f"/requests/{request_id}/refer",
            "dose": f"{about}/doses",
            "claim": f"{about}/claims",
            "void": f"/doses/{first['dose_id']}/void",
            "confirm": f"/doses/{second['dose_id']}/confirm-duplicate",
            "dismiss": f"/doses/{second['dose_id']}/dismiss-duplicate",
            "close": f"{about}/courses/1/close",
        },
        bodies={
            "open": opening(f"{member_id}-next"),
            "report": report({"doses_given": 5, "last_dose_on": "2024-03", "completed": True}),
            "submit": request(),
            "approve": deciding
            | rationale
            | {"doses": 4, "left_out": "The dose that was given.", "citing": ["Dosing.A"]},
            "deny": deciding | rationale | {"citing": ["Dosing.A"]},
            "refer": deciding | rationale,
            "dose": dose("2026-04-21", "INF-next"),
            "claim": claim("CLM-next", on="2026-04-21", claim_status="denied"),
            "void": REASON,
            "confirm": REASON,
            "dismiss": REASON,
            "close": CLOSING,
        },
    )


def renamed(body: Json) -> Json:
    """The same command by the same caller, and yet another body."""
    return body | {"actor": body["actor"] | {"name": "Another Name"}}


def of_caller(body: Json, caller: str) -> Json:
    return body | {"actor": body["actor"] | {"id": caller}}
