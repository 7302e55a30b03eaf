"""The seal over HTTP: checkpoints, keys and proofs in the published formats, which other programs can verify."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from api.http.bodies import CheckedJsonRoute
from api.http.problems import documented
from api.identity.caller import CallerOfRequest
from api.record_access.http import AccessOfRequest
from api.routes.dependencies import Limit, PatientIdInPath, RequestIdInPath
from domain.errors import Conflict, NotFound
from domain.ledger.sealing.sealing import SealedPlace, Sealing, SignedCheckpoint
from domain.seal.encoding import base64_of

router = APIRouter(tags=["seal"], route_class=CheckedJsonRoute)

_TEXT: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


def _sealing(request: Request) -> Sealing:
    return cast("Sealing", request.app.state.sealing)


SealingOfApp = Annotated[Sealing, Depends(_sealing)]


class CheckpointShown(BaseModel):
    """A checkpoint. `root` is the root hash of the tree in base64. `note` is the checkpoint as it was signed."""

    origin: str
    size: int
    root: str
    note: str


class SealShown(BaseModel):
    """The position of an event in the sealed log. `checkpoint` is the first that covers the event, or null."""

    leaf_index: int
    checkpoint: CheckpointShown | None


class DeterminationSealed(BaseModel):
    """A determination and its seal. `seal` is null until the event is sealed, which usually takes a second."""

    determination: str
    version: int
    decided_on: date
    seal: SealShown | None


class CheckpointPage(BaseModel):
    items: list[CheckpointShown]
    next_after: int | None


class SealHealth(BaseModel):
    """The state of the seal.

    `refusal` is the reason why nothing is sealed or signed. `not_published` is the reason why no checkpoint is
    published. Both are null if there is no failure.
    """

    origin: str
    events_unsealed: int
    checkpoint_size: int | None
    checkpoint_signed_at: datetime | None
    refusal: str | None
    not_published: str | None


@router.get("/seal/checkpoint", response_class=PlainTextResponse, responses=_TEXT | documented(404))
def get_checkpoint(_: CallerOfRequest, sealing: SealingOfApp) -> str:
    """Return the latest checkpoint: a C2SP signed note of origin, size and root."""
    return _newest(sealing).note


@router.get("/seal/checkpoints", responses=documented(422))
def get_checkpoints(
    _: CallerOfRequest,
    sealing: SealingOfApp,
    after: Annotated[
        int, Query(ge=0, description="Return only checkpoints that are larger than this size.", examples=[0])
    ] = 0,
    limit: Limit = 50,
) -> CheckpointPage:
    """List the checkpoints of the origin, by size."""
    checkpoints = sealing.store.checkpoints(sealing.origins.current(), after, limit)
    items = [_checkpoint_of(SignedCheckpoint.of(determination.note)) for determination in checkpoints]
    return CheckpointPage(items=items, next_after=checkpoints[-1].size if len(checkpoints) == limit else None)


@router.get("/seal/key", response_class=PlainTextResponse, responses=_TEXT)
def get_keys(_: CallerOfRequest, sealing: SealingOfApp) -> str:
    """List the verification keys, oldest first. For verification, use keys from an independent source."""
    return "".join(f"{key}\n" for key in sealing.origins.verifying_keys())


@router.get("/seal/consistency", response_class=PlainTextResponse, responses=_TEXT | documented(404, 422))
def get_consistency(
    _: CallerOfRequest,
    sealing: SealingOfApp,
    old: Annotated[int, Query(ge=0, description="The size of the older checkpoint.", examples=[7])],
    new: Annotated[
        int | None, Query(ge=1, description="The size of the newer checkpoint. Default: the latest.", examples=[9])
    ] = None,
) -> str:
    """Prove that the newer tree only adds to the older tree. The answer includes the newer checkpoint."""
    newer = _newest(sealing) if new is None else _of_size(sealing, new)
    if old > newer.checkpoint.size:
        raise NotFound(
            "the tree of the newer checkpoint is smaller than the older one",
            field="old",
            remedy="send the smaller size as old",
        )
    return sealing.consistency(old, newer).text()


@router.get("/seal/health")
def get_health(_: CallerOfRequest, sealing: SealingOfApp) -> SealHealth:
    """Report how many events are not sealed yet, and any failure."""
    origin = sealing.origins.current()
    newest = sealing.store.newest(origin)
    return SealHealth(
        origin=origin,
        events_unsealed=sealing.store.unsealed(),
        checkpoint_size=newest.size if newest is not None else None,
        checkpoint_signed_at=newest.signed_at if newest is not None else None,
        refusal=sealing.refusal,
        not_published=sealing.not_published,
    )


@router.get(
    "/patients/{patient_id}/events/{event_version}/proof",
    response_class=PlainTextResponse,
    responses=_TEXT | documented(403, 404, 409, 422),
)
def get_proof(
    access: AccessOfRequest,
    sealing: SealingOfApp,
    patient_id: PatientIdInPath,
    event_version: Annotated[
        int, Path(ge=1, description="The version of the patient's history that the event made.", examples=[2])
    ],
    size: Annotated[
        int | None,
        Query(
            ge=1,
            description="The size of a checkpoint. Default: the first checkpoint that covers the event.",
            examples=[9],
        ),
    ] = None,
) -> str:
    """Prove that this event is in the sealed log, as a C2SP tlog-proof: index, hashes and checkpoint."""
    with access.history(patient_id, "proof", subject=str(event_version)) as history:
        if event_version > history.version:
            raise NotFound("the event was not found", field="event_version", remedy="send a version that is on record")
        place = sealing.place_of(patient_id, event_version)
        checkpoint = None if place is None else place.checkpoint if size is None else _of_size(sealing, size)
        if place is None or checkpoint is None or place.leaf_index >= checkpoint.checkpoint.size:
            raise Conflict(
                "no checkpoint with this size covers this event yet", field="size", remedy="ask again within a minute"
            )
    return sealing.proof_of(place.leaf_index, checkpoint).text()


@router.get("/requests/{request_id}/seal", responses=documented(403, 404, 422))
def get_seal_of_request(
    access: AccessOfRequest, sealing: SealingOfApp, request_id: RequestIdInPath
) -> list[DeterminationSealed]:
    """List the determinations of the request, with their leaves in the sealed log and the checkpoints over them."""
    with access.request(request_id) as (history, determination):
        patient_id, decisions, versions = history.patient_id, determination.decisions, access.versions(history)
    return [
        DeterminationSealed(
            determination=determination.kind,
            version=versions.shown(determination.version),
            decided_on=determination.on,
            seal=_seal_of(sealing.place_of(patient_id, determination.version)),
        )
        for determination in decisions
    ]


def _seal_of(place: SealedPlace | None) -> SealShown | None:
    if place is None:
        return None
    checkpoint = _checkpoint_of(place.checkpoint) if place.checkpoint is not None else None
    return SealShown(leaf_index=place.leaf_index, checkpoint=checkpoint)


def _checkpoint_of(signed: SignedCheckpoint) -> CheckpointShown:
    checkpoint = signed.checkpoint
    return CheckpointShown(
        origin=checkpoint.origin, size=checkpoint.size, root=base64_of(checkpoint.root), note=signed.note
    )


def _newest(sealing: Sealing) -> SignedCheckpoint:
    newest = sealing.newest()
    if newest is None:
        raise NotFound("no checkpoint is signed yet", field="size", remedy="ask again within a minute")
    return newest


def _of_size(sealing: Sealing, size: int) -> SignedCheckpoint:
    checkpoints = sealing.store.checkpoints(sealing.origins.current(), size - 1, 1)
    if not checkpoints or checkpoints[0].size != size:
        raise NotFound("no checkpoint has this size", field="size", remedy="use a size from /seal/checkpoints")
    return SignedCheckpoint.of(checkpoints[0].note)
