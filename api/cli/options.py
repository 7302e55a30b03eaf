"""The options and arguments that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Database = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="LEMTRADA_DATABASE",
        help="sqlite:///file or postgresql://user@host/database. Default: a file in the user's data folder.",
    ),
]
TimeZone = Annotated[
    str | None,
    typer.Option(
        metavar="ZONE",
        envvar="LEMTRADA_TIME_ZONE",
        help="Time zone in which a new ledger counts days, for example America/Chicago. It cannot be changed later.",
    ),
]
Purpose = Annotated[
    str | None,
    typer.Option(
        metavar="CODE",
        envvar="LEMTRADA_PURPOSE",
        help="Purpose of the access, which is recorded: an HL7 code, for example TREAT or HPAYMT.",
    ),
]

# -- one record -------------------------------------------------------------------------------

MemberArgument = Annotated[str, typer.Argument(metavar="MEMBER", help="Member ID, or issuer:member.")]
Issuer = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Issuer of the member ID. MEMBER is then the whole ID, also if it has a colon. "
        "Default: MEMBER is split at a colon if an issuer with that name is on record.",
    ),
]
RequestArgument = Annotated[str, typer.Argument(metavar="REQUEST", help="ID of a request: <patient>.r1")]
AppealArgument = Annotated[str, typer.Argument(metavar="APPEAL", help="ID of an appeal: <patient>.a1")]
DocumentArgument = Annotated[str, typer.Argument(metavar="DOCUMENT", help="ID of a document: <patient>.f1")]
AsOf = Annotated[
    str | None,
    typer.Option(metavar="DATE", help="Day for which the answer is computed. Default: today in the plan's time zone."),
]
KnownAt = Annotated[
    str | None,
    typer.Option(metavar="INSTANT", help="Use only what was recorded by this time, for example 2026-04-20T14:05:00Z."),
]
EditionOption = Annotated[
    str | None,
    typer.Option("--edition", metavar="DATE", help="Review date of a policy version. Default: the one that applies."),
]

# -- lists ------------------------------------------------------------------------------------

Since = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="First day of recording, in the plan's time zone.")
]
Until = Annotated[
    str | None, typer.Option("--to", metavar="DATE", help="Last day of recording, in the plan's time zone.")
]
After = Annotated[
    str | None, typer.Option(metavar="PLACE", help="Continue after this place, which the page before printed.")
]

# -- users ------------------------------------------------------------------------------------

IdOption = Annotated[str | None, typer.Option("--id", help="ID of the user. Default: made from the name.")]
OfficeOption = Annotated[
    str | None, typer.Option("--office", metavar="ID", help="ID of the prescriber's office that a requester acts for.")
]
