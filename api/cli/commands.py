"""Which commands there are: the section of the help, the module that holds each, and its summary.

A command is imported when it is used. `--help` needs none of them: the summaries are here, and a test compares them
with the commands' own help.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Listed(NamedTuple):
    """One command, or one group of commands; `module` is in `api.cli`."""

    name: str
    module: str
    summary: str


SECTIONS: Final[tuple[tuple[str, tuple[Listed, ...]], ...]] = (
    (
        "One patient",
        (
            Listed("eligibility", "questions", "Show current eligibility: path, course, doses, what is missing."),
            Listed("history", "questions", "List every event of a patient, oldest first."),
            Listed("courses", "records", "List every course, dose by dose, with its variances."),
            Listed("person", "records", "Show identifiers, coverage, representatives, and linked records."),
            Listed("requests", "records", "List the requests of a patient."),
            Listed("appeals", "records", "List the appeals of a patient."),
            Listed("request", "records", "Show a request: its status and its assessment by clause."),
            Listed("replay", "dossier", "Replay a determination: as recorded, as known then, as known now."),
            Listed("appeal", "records", "Show an appeal: grounds, assignment, due date, decision."),
            Listed("dossier", "dossier", "Write the case file of an appeal."),
            Listed("document", "records", "Write a document to a file, after its bytes are checked."),
        ),
    ),
    (
        "Work queue and policy",
        (
            Listed("worklist", "worklist", "List open requests and appeals, with what is due and missing."),
            Listed("rebuild", "worklist", "Rebuild the tables of the worklist from the log."),
            Listed("assess", "assess", "Assess cases from a file, without a ledger."),
            Listed("explain", "assess", "Explain a clause of the policy, or print the outline."),
        ),
    ),
    (
        "Data and storage",
        (
            Listed("serve", "serve", "Serve the API and the pages."),
            Listed("demo", "serve", "Fill an empty ledger with synthetic patients."),
            Listed("import", "imports", "Import requests, determinations, doses, and prior treatment."),
            Listed("database", "database", "Create or upgrade the schema, and remove unused documents."),
            Listed("backup", "backup", "Back up an SQLite ledger and its documents into one file."),
            Listed("encryption-key", "encryption", "Create a key for encryption at rest."),
        ),
    ),
    (
        "Users, access log, and audit",
        (
            Listed("invite", "people", "Create a sign-in link that works once."),
            Listed("token", "people", "Create, list, and revoke API tokens."),
            Listed("people", "people", "List and remove users."),
            Listed("accesses", "accesses", "Show the access log."),
            Listed("audit-events", "audit_events", "Export every change and access as FHIR AuditEvents."),
            Listed("provenance", "audit_events", "Export every change of patient records as FHIR Provenance."),
        ),
    ),
    (
        "Seal and verification",
        (
            Listed("seal", "seal", "Seal the log, and manage the keys that sign it."),
            Listed("export", "proof", "Export everything that an outside auditor needs."),
            Listed("verify", "proof", "Verify the bytes, order, and meaning of a ledger or an export."),
        ),
    ),
)
MODULE_OF: Final[dict[str, str]] = {one.name: one.module for _, listed in SECTIONS for one in listed}
