"""Access to records over HTTP, for the API and the pages: the viewer is the caller of the request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, cast

from fastapi import Depends, Header, Request

from api.identity.caller import Caller, CallerOfRequest
from api.record_access.list_access import ListAccess
from api.record_access.patient_access import PatientAccess
from api.record_access.viewer import Viewer
from domain.ledger.access_log.writer import AccessLog
from domain.ledger.application import Ledger
from domain.permissions import views
from domain.permissions.disclosure import Purpose
from projections.figures import HistoryFacts
from projections.incremental import CachedFacts

PurposeOfUse = Annotated[
    Purpose | None,
    Header(
        alias="X-Purpose-Of-Use",
        description="The HL7 v3 purpose of use of the access. It is recorded in the access log.",
        examples=["TREAT"],
    ),
]


def viewer_of(caller: Caller) -> Viewer:
    return Viewer(caller.actor, caller.purpose, caller.through, caller.origin)


def access_of(request: Request, caller: Caller) -> PatientAccess:
    state = request.app.state
    return PatientAccess(cast("Ledger", state.ledger), viewer_of(caller), cast("AccessLog", state.accesses))


def _access(request: Request, caller: CallerOfRequest, _purpose: PurposeOfUse = None) -> PatientAccess:
    # The middleware has read the purpose already. Here it is part of the API's description.
    return access_of(request, caller)


AccessOfRequest = Annotated[PatientAccess, Depends(_access)]


def _lists(access: AccessOfRequest) -> ListAccess:
    return ListAccess(access)


ListsOfRequest = Annotated[ListAccess, Depends(_lists)]


def _figures(request: Request, access: AccessOfRequest) -> Sequence[HistoryFacts]:
    views.check_may_see(access.user, "worklist")
    return cast("CachedFacts", request.app.state.figures).all()


FiguresOfRequest = Annotated[Sequence[HistoryFacts], Depends(_figures)]
"""What reports are computed from. It names no patient, and is no access."""
