"""Finds a Chromium that starts, or unpacks the one of an npm package, and says how to start it.

The package's binary brings its own libraries, and without a list of fonts it paints no text while every
test of the document passes: so fonts.conf names a folder of ours.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.benchmarks.node import node, packages

HERE = Path(__file__).parent
FONTS = HERE.parents[1] / "api" / "dossier" / "fonts"
ON_A_MACHINE = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

ARGUMENTS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-zygote",
)

_FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
<dir>{fonts}</dir>
<cachedir>{cache}</cachedir>
<match target="pattern"><edit name="family" mode="append_last"><string>Source Sans 3</string></edit></match>
</fontconfig>
"""
_UNPACK = """
const fs = require("fs"), zlib = require("zlib");
const [from, to] = process.argv.slice(1);
fs.writeFileSync(to, zlib.brotliDecompressSync(fs.readFileSync(from)));
"""


class ChromiumMissing(AssertionError):
    """None starts here: the tests of the pages can't be run, and that is a failure of them."""


@dataclass(frozen=True)
class Chromium:
    """What starts it, and in which environment."""

    program: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def arguments(self) -> list[str]:
        # Its sandbox needs a user who is not root, or a kernel that lets it; nobody else's page is ever opened in it.
        return [*ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]

    def version(self) -> str | None:
        """What it says of itself; None where it does not start."""
        try:
            said = subprocess.run(
                [str(self.program), "--headless", "--no-sandbox", "--version"],
                capture_output=True,
                text=True,
                check=False,
                timeout=30,
                env={**os.environ, **self.environment},
            )
        except OSError:
            return None
        return said.stdout.strip() if said.returncode == 0 else None


@cache
def chromium() -> Chromium:
    """Raises ChromiumMissing."""
    for name in ON_A_MACHINE:
        found = shutil.which(name)
        if found is not None and Chromium(Path(found)).version():
            return Chromium(Path(found), _with_fonts({}, Path(found).name))
    packed = packaged()
    if packed.version() is None:
        raise ChromiumMissing(
            "neither a Chromium of this machine nor that of the package starts: install one, or leave these tests out"
            " with --without-browser"
        )
    return packed


@cache
def packaged() -> Chromium:
    """That of the npm package, unpacked once for each version of it."""
    place = packages(HERE)
    unpacked = place / "unpacked"
    with _one_at_a_time(place / "unpacking"):
        if not unpacked.exists():
            _unpack(place / "node_modules" / "@sparticuz" / "chromium" / "bin", unpacked)
    return Chromium(unpacked / "chromium", _with_fonts({"LD_LIBRARY_PATH": str(unpacked / "lib")}, "packaged"))


def _unpack(packed: Path, unpacked: Path) -> None:
    partly = unpacked.with_name("unpacking-now")
    shutil.rmtree(partly, ignore_errors=True)
    partly.mkdir()
    for name in ("chromium", "al2023.tar"):
        subprocess.run([str(node()), "-e", _UNPACK, str(packed / f"{name}.br"), str(partly / name)], check=True)
    with tarfile.open(partly / "al2023.tar") as libraries:
        libraries.extractall(partly, filter="data")
    (partly / "al2023.tar").unlink()
    (partly / "chromium").chmod(0o755)
    partly.rename(unpacked)


def _with_fonts(environment: dict[str, str], name: str) -> dict[str, str]:
    place = packages(HERE) / f"fonts-{name}"
    place.mkdir(exist_ok=True)
    conf = place / f"fonts-{os.getpid()}.conf"
    conf.write_text(_FONTS_CONF.format(fonts=FONTS, cache=place / "cache"))
    conf = conf.replace(place / "fonts.conf")
    return environment | {"FONTCONFIG_FILE": str(conf), "FONTCONFIG_PATH": str(place)}


def axe_source() -> str:
    return (packages(HERE) / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@contextmanager
def _one_at_a_time(place: Path) -> Iterator[None]:
    """Of several test processes."""
    with place.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
