"""The commands `serve` and `demo`, which serve a ledger and fill one with synthetic patients."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from api import demo
from api.cli.opening import (
    errors_to_exit_status,
    open_existing_ledger,
    url_of_existing,
    url_to_write,
    zone_to_open_with,
)
from api.cli.options import AsJson, Database, TimeZone
from api.cli.output import print_error, print_result
from api.cli.program import app
from api.cli.progress import step_progress
from api.cli.tables import show_text
from api.server import serve, which_ledger
from api.server.proxy import Front, front_of
from api.server.served_addresses import announce_address
from domain.errors import InvalidCommand
from domain.events.patient import Member
from domain.events.system import THE_LEDGER_ITSELF
from domain.facts import counted
from domain.ledger.application import Ledger, open_ledger
from domain.ledger.clocks.clock_check import ClockNotTrusted
from domain.ledger.start_check import check_before_opening, check_every_page, check_last_events
from domain.ledger.stores.urls import address_of

if TYPE_CHECKING:
    from api.identity import Identity


PublicUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="LEMTRADA_PUBLIC_URL",
        help="Address of the TLS proxy in front of the server, for example https://ledger.plan.example.",
    ),
]
ProxyAddresses = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESSES",
        envvar="LEMTRADA_PROXY",
        help="Addresses or networks of the proxy, whose X-Forwarded-For, -Proto, and -Host headers are trusted.",
    ),
]
ProbeAddresses = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESSES",
        envvar="LEMTRADA_PROBE",
        help="Addresses or networks whose health checks are answered for any Host, in addition to the proxy's.",
    ),
]

MetricsAddress = Annotated[
    str | None,
    typer.Option(metavar="HOST:PORT", help="Address of its own for the metrics. They are then at /metrics there."),
]


@app.command("serve")
def serve_command(
    context: typer.Context,
    with_demo: Annotated[
        bool,
        typer.Option("--demo", help="Serve a temporary ledger of synthetic patients, which is removed at the end."),
    ] = False,
    patients: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="With --demo: number of patients. Default: one per situation."),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on. Other machines can be served with --public-url only.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on. 0: a free port.")] = 8000,
    public_url: PublicUrl = None,
    proxy: ProxyAddresses = None,
    probe: ProbeAddresses = None,
    metrics: MetricsAddress = None,
    database: Database = None,
    time_zone: TimeZone = None,
    check: Annotated[
        bool, typer.Option("--check", help="Check the ledger as at each start, and every page of its file, and end.")
    ] = False,
) -> None:
    """Serve the API and the pages.

    At each start, the ledger's file, its last 1,000 events and their seal are checked.

    The server listens on this machine only, or behind a proxy. Ctrl-C or SIGTERM stops it.

    Example: lemtrada-ledger serve --demo
    """
    with errors_to_exit_status(), ExitStack() as stack:
        _check_demo(context, with_demo, patients)
        if check:
            _check(database)
            return
        front, metrics_at = front_of(public_url, proxy, probe), serve.metrics_address(metrics)
        stack.enter_context(serve.until_stopped())
        listener = stack.enter_context(serve.listening(host, port, front))
        if with_demo:
            _serve_demo(listener, front, time_zone, patients or len(demo.SITUATIONS), metrics_at)
            return
        _serve_ledger(listener, front, url_to_write(database), time_zone, metrics_at)


def _serve_ledger(
    listener: socket, front: Front, url: str, time_zone: str | None, metrics_at: tuple[str, int] | None
) -> None:
    """Checks the ledger and serves it until it is stopped. Raises StoreError for what is damaged."""
    zone = zone_to_open_with(url, time_zone)
    check_before_opening(url)
    with open_ledger(url, zone=zone) as ledger:
        check_last_events(ledger)
        identity = _identity_of(ledger, front)
        print_result(f"Ledger: {ledger.address} (time zone {ledger.zone.key})")
        trouble = ledger.clock_check.trouble()
        if trouble is not None:
            print_error(f"warning: {ClockNotTrusted(trouble)}. The ledger can be read.")
        browser_url = identity.public_url or serve.url_of(listener)
        lines = [
            *(_administrator_link(identity, browser_url) if trouble is None else ()),
            f"Serving {_url_of(listener, front)} (documentation at /docs). Ctrl-C stops it.",
        ]
        with announce_address(ledger, serve.url_of(listener), identity.public_url):
            serve.serve(ledger, listener, front, identity, partial(_print_all, lines), metrics_at)


def _check_demo(context: typer.Context, with_demo: bool, patients: int | None) -> None:
    """Raises InvalidCommand for --patients without --demo, and for --demo with --database."""
    if patients is not None and not with_demo:
        raise InvalidCommand(
            "--patients is for the temporary ledger of --demo",
            field="--patients",
            remedy="add --demo, or fill a ledger with `demo --patients N --database URL` and serve it",
        )
    source = context.get_parameter_source("database")
    if with_demo and source is not None and source.name == "COMMANDLINE":
        raise InvalidCommand(
            "--demo serves a temporary ledger",
            field="--database",
            remedy="use --demo or --database, not both; `demo --database URL` fills a ledger that is kept",
        )


def _check(database: str | None) -> None:
    """Checks the ledger and prints the result. Raises StoreError for what is damaged."""
    check_before_opening(url_of_existing(database))
    with open_existing_ledger(database) as ledger:
        check_last_events(ledger)
        check_every_page(ledger.address)
        print_result(f"The ledger at {ledger.address} can be served: its files, last events, and seal are intact.")


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
    with errors_to_exit_status():
        url = url_to_write(database)
        zone = which_ledger.zone_to_open_with(url, time_zone, lambda: demo.ZONE)
        with step_progress() as progress:
            shown = demo.fill(url, patients=patients, zone=zone, progress=progress)
        if as_json:
            print_result([one.to_json_value() for one in shown])
            return
        print_result(f"{counted(len(shown), 'synthetic patient')} in {address_of(url)}:")
        show_text(demo_lines(shown))


def demo_lines(shown: tuple[demo.DemoPatient, ...]) -> Iterator[str]:
    """A line for the first patient of each situation, and one line for all patients that repeat the situations."""
    width = max(len(one.member_id) for one in shown)
    first, more = shown[: len(demo.SITUATIONS)], shown[len(demo.SITUATIONS) :]
    yield from (f"  {one.member_id:<{width}}  {one.shows}" for one in first)
    if more:
        yield f"  {more[0].member_id} to {more[-1].member_id} show the same situations, in the same order."


# -- the output of `serve` --------------------------------------------------------------------


def _url_of(listener: socket, front: Front) -> str:
    """The address of the server, with the address of the proxy if there is one."""
    address = serve.url_of(listener)
    return address if front.public_url is None else f"{address} as {front.public_url}"


def _identity_of(ledger: Ledger, front: Front) -> Identity:
    from api.identity.from_environment import identity_of  # noqa: PLC0415  (FastAPI is slow to import)

    return identity_of(ledger, str(front.public_url) if front.public_url is not None else None)


def _administrator_link(identity: Identity, url: str) -> Iterator[str]:
    """The lines with the sign-in link of the first administrator, once. `url` is the address for browsers."""
    if (code := identity.first_link()) is not None:
        yield "There is no administrator yet. This link signs one in, once, within 24 hours:"
        yield f"  {url}/sign-in/{code}"


def _print_all(lines: Iterable[str], metrics_url: str | None) -> None:
    """Prints the lines with the addresses, which the server answers from now on."""
    for line in lines:
        print_result(line)
    if metrics_url is not None:
        print_result(f"Metrics: {metrics_url}")
    sys.stdout.flush()


def _serve_demo(
    listener: socket, front: Front, time_zone: str | None, patients: int, metrics_at: tuple[str, int] | None
) -> None:
    """Serves a temporary ledger of synthetic patients until it is stopped, and then removes the ledger."""
    with TemporaryDirectory(prefix="lemtrada-ledger-demo-") as folder:
        url = f"sqlite:///{Path(folder) / 'demo.sqlite'}"
        with step_progress() as progress:
            shown = demo.fill(url, patients=patients, zone=time_zone or demo.ZONE, progress=progress)
        with open_ledger(url) as ledger:
            example = next((patient for patient in shown if patient.situation == "approved_mid_course"), shown[0])
            patient_id = ledger.find(Member(member_id=example.member_id))
            api_url = serve.url_of(listener)
            find = f'{{"member": {{"member_id": "{example.member_id}"}}}}'
            print_result(
                f"{counted(len(shown), 'synthetic patient')} in a temporary ledger (time zone {ledger.zone.key}):"
            )
            show_text(demo_lines(shown))
            identity = _identity_of(ledger, front)
            for person in demo.STAFF:
                identity.people.ensure(person, THE_LEDGER_ITSELF)
            as_reviewer = f"-H 'Authorization: Bearer {identity.issue_token(demo.REVIEWER)}'"
            lines = [
                *_sign_in_links(identity, identity.public_url or api_url),
                "To call the API, for example with a token of the reviewer:",
                f"  curl -s {api_url}/patients/find {as_reviewer} -H 'Content-Type: application/json' -d '{find}'",
                f"  curl -s {api_url}/patients/{patient_id}/eligibility {as_reviewer}",
                f"  {which_ledger.PROGRAM} history {example.member_id} --database {ledger.address}",
                f"Serving {_url_of(listener, front)} (documentation at /docs). Ctrl-C stops it and removes the ledger.",
            ]
            with announce_address(ledger, serve.url_of(listener), identity.public_url):
                serve.serve(ledger, listener, front, identity, partial(_print_all, lines), metrics_at)


def _sign_in_links(identity: Identity, url: str) -> Iterator[str]:
    """The lines with a sign-in link of each user of the demo. `url` is the address for browsers."""
    yield "To sign in with a browser (each link works once):"
    for person in demo.USERS_WITH_LINKS:
        code, _ = identity.new_link(person.id, THE_LEDGER_ITSELF)
        yield f"  {person.name}, {person.role.replace('_', ' ')}: {url}/sign-in/{code}"
    yield from _administrator_link(identity, url)
