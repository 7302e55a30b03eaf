"""The commands of the program: for each, the section of the help, its module, and its summary.

A command is imported when it is used. `--help` imports none of them: the summaries are here, and a test compares them
with the commands' own help.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class CommandEntry(NamedTuple):
    """One command, or one group of commands; `module` is in `api.cli`."""

    name: str
    module: str
    summary: str


SECTIONS: Final[tuple[tuple[str, tuple[CommandEntry, ...]], ...]] = (
    (
        "One patient",
        (
            CommandEntry("eligibility", "questions", "Show current eligibility: path, course, doses, what is missing."),
            CommandEntry("history", "questions", "List every event of a patient, oldest first."),
            CommandEntry("courses", "records", "List every course, dose by dose, with its variances."),
            CommandEntry("person", "records", "Show identifiers, coverage, representatives, and linked records."),
            CommandEntry("requests", "records", "List the requests of a patient."),
            CommandEntry("appeals", "records", "List the appeals of a patient."),
            CommandEntry("request", "records", "Show a request: its status and its assessment by clause."),
            CommandEntry("replay", "dossier", "Replay a determination: as recorded, as known then, as known now."),
            CommandEntry("appeal", "records", "Show an appeal: grounds, assignment, due date, decision."),
            CommandEntry("dossier", "dossier", "Write the case file of an appeal."),
            CommandEntry("document", "records", "Write a document to a file, after its bytes are checked."),
        ),
    ),
    (
        "Work queue and policy",
        (
            CommandEntry("worklist", "worklist", "List open requests and appeals, with what is due and missing."),
            CommandEntry("rebuild", "worklist", "Rebuild the tables of the worklist from the log."),
            CommandEntry("deadlines", "worklist", "Show the deadlines, and what they would change on record."),
            CommandEntry("assess", "assess", "Assess cases from a file, without a ledger."),
            CommandEntry("explain", "assess", "Explain a clause of the policy, or print the outline."),
        ),
    ),
    (
        "Data and storage",
        (
            CommandEntry("serve", "serve", "Serve the API and the pages."),
            CommandEntry("demo", "serve", "Fill an empty ledger with synthetic patients."),
            CommandEntry("import", "imports", "Import requests, determinations, doses, and prior treatment."),
            CommandEntry("database", "database", "Create or upgrade the schema, and remove unused documents."),
            CommandEntry("backup", "backup", "Back up an SQLite ledger and its documents into one file."),
            CommandEntry("restore", "backup", "Restore a backup of an SQLite ledger, and check it."),
            CommandEntry("clock", "database", "Confirm the clock, after it was found wrong."),
            CommandEntry("encryption-key", "encryption", "Create a key for encryption at rest."),
        ),
    ),
    (
        "Users, access log, and audit",
        (
            CommandEntry("invite", "people", "Create a sign-in link that works once."),
            CommandEntry("token", "people", "Create, list, and revoke API tokens."),
            CommandEntry("people", "people", "List and remove users."),
            CommandEntry("accesses", "accesses", "Show the access log."),
            CommandEntry("audit-events", "audit_events", "Export every change and access as FHIR AuditEvents."),
            CommandEntry("provenance", "audit_events", "Export every change of patient records as FHIR Provenance."),
        ),
    ),
    (
        "Seal and verification",
        (
            CommandEntry("seal", "seal", "Seal the log, and manage the keys that sign it."),
            CommandEntry("export", "proof", "Export everything that an outside auditor needs."),
            CommandEntry("verify", "proof", "Verify the bytes, order, and meaning of a ledger or an export."),
        ),
    ),
)
"""Each section of the help with its commands, in the order of the help."""

MODULE_OF: Final[dict[str, str]] = {entry.name: entry.module for _, entries in SECTIONS for entry in entries}
"""The module of each command, by the name of the command."""

OUTCOME_OF_FAILURE: Final[dict[str, str]] = {
    "demo": "nothing was saved",
    "import": "nothing more was saved",
    "rebuild": "nothing was saved",
    "database upgrade": "nothing was saved",
    "database sweep": "nothing was removed",
    "invite": "nothing was saved",
    "token create": "nothing was saved",
    "token revoke": "nothing was saved",
    "people remove": "nothing was saved",
    "seal now": "no checkpoint was signed",
    "seal rotate-key": "no checkpoint was signed with a new key",
    "seal new-origin": "no new tree was started",
    "clock confirm": "nothing was saved",
    "dossier": "no file was written",
    "document": "no file was written",
    "backup": "no file was written",
    "restore": "nothing was restored",
    "encryption-key new": "no file was written",
    "audit-events": "no file was written",
    "provenance": "no file was written",
    "export": "no file was written",
}
"""What the program says when a command fails that writes, by the words of the command. Any other command only reads."""
