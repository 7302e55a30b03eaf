"""The command `demo`: synthetic patients that show every situation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from api import demo
from api.cli.opening import plainly, url_to_write
from api.cli.options import AsJson, Database, TimeZone
from api.cli.output import print_result
from api.cli.program import app
from api.cli.progress import step_progress
from api.cli.tables import show_text
from api.server import which_ledger
from domain.ledger.stores.urls import address_of


@app.command("demo")
def demo_command(
    patients: Annotated[
        int,
        typer.Option(
            metavar="N", min=1, help="Number of patients. Situations repeat if N is larger than their number."
        ),
    ] = len(demo.SITUATIONS),
    database: Database = None,
    time_zone: TimeZone = None,
    as_json: AsJson = False,
) -> None:
    """Fill an empty ledger with synthetic patients.

    Example: lemtrada-ledger demo --database sqlite:///demo.sqlite
    """
    with plainly():
        url = url_to_write(database)
        zone = which_ledger.zone_to_open_with(url, time_zone, lambda: demo.ZONE)
        with step_progress() as progress:
            shown = demo.fill(url, patients=patients, zone=zone, progress=progress)
        if as_json:
            print_result([one.to_json_value() for one in shown])
            return
        print_result(f"{len(shown)} synthetic patients in {address_of(url)}:")
        show_text(demo_lines(shown))


def demo_lines(shown: tuple[demo.Shown, ...]) -> Iterator[str]:
    """Each situation once, and one line for the patients that repeat them."""
    width = max(len(one.member_id) for one in shown)
    first, more = shown[: len(demo.SITUATIONS)], shown[len(demo.SITUATIONS) :]
    yield from (f"  {one.member_id:<{width}}  {one.shows}" for one in first)
    if more:
        yield f"  {more[0].member_id} to {more[-1].member_id} show the same situations, in the same order."
