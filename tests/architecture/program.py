"""Everything of the program that the contract tests use: a moved module changes these imports alone."""

from __future__ import annotations

from typing import Any

from api.cli.commands import MODULE_OF
from api.cli.main import app as program
from api.cli.main import main
from api.cli.opening import errors_to_exit_status
from api.cli.program import ANSWER_IS_NO, DONE, PROGRAM_FAILED, WRONG_USE
from api.cli.program import app as registry
from api.dossier.json import published_schema
from api.fhir.audit_events import is_exported, of_event, row_id
from api.fhir.bundles import capabilities, outcome
from api.fhir.event_mapping import is_of_patient
from api.fhir.provenance import of_change
from api.files.assess_lines import AssessLine, answers
from api.files.claims_csv import OPTIONAL_COLUMNS, REQUIRED_COLUMNS
from api.files.import_lines import json_schema as schema_of_import
from api.http.problems import BodyTooLarge, UnreadableBody, WrongContentType, install
from api.http.security_log import SECURITY_LOGGER, DenialReason, SecurityEvent
from api.http.single_headers import refused_header
from api.identity.cookies_and_csrf import CSRF_FIELD, CSRF_HEADER, cookie_name
from api.identity.credentials import code_of, token_of
from api.identity.openid_settings import PREFIX as OPENID_PREFIX
from api.identity.openid_settings import OpenIDSettings
from api.identity.problems import (
    NoRole,
    NotKnown,
    ProviderUnreachable,
    answer_to,
    cross_site,
    missing_csrf,
    unknown_purpose,
)
from api.server.proxy import KnownHostsOnly
from domain.commands import COMMANDS
from domain.errors import LedgerError
from domain.events import PATIENT_EVENTS, STORED_EVENTS
from domain.events.base import ImportedFrom
from domain.ledger.access_log.writer import AccessLog
from domain.ledger.accounts.people import People
from domain.ledger.application import Ledger, open_ledger
from domain.ledger.errors import DocumentDamaged, StoreError
from domain.ledger.schema import upgrade
from domain.ledger.sealing.sealing import Sealing
from domain.ledger.sealing.signer import Signer
from domain.ledger.tables.tables import GRANTS, POSTGRES_EVENT_TYPE, POSTGRES_TABLES, REVOCATIONS, SCHEMA_VERSION
from domain.ledger.verification import export_layout
from domain.people import Credential, Role
from domain.permissions.disclosure import Access, NewAccess, Purpose, Through, View
from domain.policy.editions import KNOWN

__all__ = [
    "ANSWER_IS_NO",
    "COMMANDS",
    "CSRF_FIELD",
    "CSRF_HEADER",
    "DONE",
    "GRANTS",
    "KNOWN",
    "MODULE_OF",
    "OPENID_PREFIX",
    "OPTIONAL_COLUMNS",
    "PATIENT_EVENTS",
    "POSTGRES_EVENT_TYPE",
    "POSTGRES_TABLES",
    "PROGRAM_FAILED",
    "REQUIRED_COLUMNS",
    "REVOCATIONS",
    "SCHEMA_VERSION",
    "SECURITY_LOGGER",
    "STORED_EVENTS",
    "WRONG_USE",
    "Access",
    "AccessLog",
    "AssessLine",
    "BodyTooLarge",
    "Credential",
    "DenialReason",
    "DocumentDamaged",
    "ImportedFrom",
    "KnownHostsOnly",
    "Ledger",
    "LedgerError",
    "NewAccess",
    "NoRole",
    "NotKnown",
    "OpenIDSettings",
    "People",
    "ProviderUnreachable",
    "Purpose",
    "Role",
    "Sealing",
    "SecurityEvent",
    "Signer",
    "StoreError",
    "Through",
    "UnreadableBody",
    "View",
    "WrongContentType",
    "answer_to",
    "answers",
    "capabilities",
    "code_of",
    "cookie_name",
    "cross_site",
    "errors_to_exit_status",
    "export_layout",
    "install",
    "is_exported",
    "is_of_patient",
    "main",
    "missing_csrf",
    "of_change",
    "of_event",
    "open_ledger",
    "outcome",
    "program",
    "published_schema",
    "refused_header",
    "registry",
    "row_id",
    "schema_of_import",
    "token_of",
    "unknown_purpose",
    "upgrade",
]

PACKAGES = ("domain", "projections", "api")
"""The packages of the program, as folders of `ROOT` and as the first part of a module's name."""


def subclasses(base: type[Any]) -> dict[str, type[Any]]:
    """Return a class of the program and all of its subclasses in the program, by name."""
    found = {base.__name__: base}
    for one in base.__subclasses__():
        if one.__module__.partition(".")[0] in PACKAGES:
            found |= subclasses(one)
    return found
