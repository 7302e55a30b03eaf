"""The FHIR resources Bundle (the result of a search), OperationOutcome (an error), and CapabilityStatement.

No error repeats a value that the client sent. A link in a Bundle contains only the patient's random id, dates, and a
position in the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from api.fhir.codes import BALP, Resource
from api.http.problems import FHIR

FHIR_VERSION: Final = "4.0.1"

PROFILES: Final = ("Read", "PatientRead", "PatientCreate", "PatientUpdate")

QueryParameters = Sequence[tuple[str, str]]


def search_set(
    base: str, kind: str, resources: Iterable[Resource], parameters: QueryParameters, cursor: str | None
) -> Resource:
    """The Bundle of one page of results.

    `base` is the URL of the FHIR interface. `asked` has the parameters of the search in their order. `cursor` is the
    position of the next page. None: this is the last page.
    """
    links = [{"relation": "self", "url": _link(base, kind, parameters)}]
    if cursor is not None:
        following = [*((name, value) for name, value in parameters if name != "page"), ("page", cursor)]
        links.append({"relation": "next", "url": _link(base, kind, following)})
    entries = [
        {"fullUrl": f"{base}/{kind}/{one['id']}", "resource": one, "search": {"mode": "match"}} for one in resources
    ]
    # FHIR does not allow empty lists.
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "link": links}
    return bundle | ({"entry": entries} if entries else {})


def _link(base: str, kind: str, parameters: QueryParameters) -> str:
    return f"{base}/{kind}?{urlencode(parameters)}" if parameters else f"{base}/{kind}"


ISSUE_OF_STATUS: Final[Mapping[int, str]] = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    422: "invalid",
    500: "exception",
    503: "transient",
}


def outcome(status: int, text: str, *, code: str | None = None) -> Resource:
    """An OperationOutcome. Default for `code`: the issue type of the status."""
    issue = {"severity": "error", "code": code or ISSUE_OF_STATUS[status], "details": {"text": text}}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


_READ_AND_SEARCH: Final = [{"code": "read"}, {"code": "search-type"}]

PAGING: Final = [
    ("_count", "number", "The maximum number of resources on a page, from 1 to 200. The default is 50."),
    ("page", "special", "The position in the results. Use only the next link of the previous page."),
]


def capabilities(version: str, base: str) -> Resource:
    """The CapabilityStatement. It lists exactly the resources and parameters that are supported."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-23",
        "kind": "instance",
        "software": {"name": "Lemtrada authorization ledger", "version": version},
        "implementation": {"description": "The audit trail of the ledger of one plan", "url": base},
        "fhirVersion": FHIR_VERSION,
        "format": [FHIR],
        "rest": [
            {
                "mode": "server",
                "documentation": (
                    "Read-only, for auditors. Other resources are referenced by the ledger's own ids and are not"
                    " served. A search parameter that is not listed is refused. Days are in the plan's time zone."
                    " The prefixes of a date are eq, ge, gt, le and lt. If several dates are given, all must match."
                    " Every read is recorded in the access log."
                ),
                "security": {"description": "A bearer token or a browser session of a user with the role auditor."},
                "resource": [
                    {
                        "type": "AuditEvent",
                        "supportedProfile": [f"{BALP}{one}" for one in PROFILES],
                        "interaction": _READ_AND_SEARCH,
                        "searchParam": _parameters(
                            ("patient", "reference", "Patient/<id>, or only the id."),
                            ("date", "date", "The time of recording. This parameter may be repeated."),
                        ),
                    },
                    {
                        "type": "Provenance",
                        "interaction": _READ_AND_SEARCH,
                        "searchParam": _parameters(
                            ("patient", "reference", "Patient/<id>, or only the id."),
                            ("recorded", "date", "The time of recording. This parameter may be repeated."),
                            ("target", "reference", "Patient/<id>, or with :identifier the id of the changed record."),
                        ),
                    },
                ],
            }
        ],
    }


def _parameters(*own: tuple[str, str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "type": kind, "documentation": text} for name, kind, text in (*own, *PAGING)]
