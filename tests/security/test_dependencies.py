"""What the program stands on: under licenses that allow it, pinned by hash, and without known holes.

The audit asks a vulnerability service over the network, so it is a campaign: `pytest -m campaign
tests/security/test_dependencies.py`. It runs pip-audit over every version in `uv.lock`, as this does by hand:

    uv export --frozen --all-extras --no-emit-project --no-hashes -o /tmp/locked.txt
    pip-audit --strict --disable-pip --no-deps -r /tmp/locked.txt

Where the service of PyPI is not reached, `--vulnerability-service osv --osv-url URL` asks a mirror.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any, Final

import pytest
from packaging.requirements import Requirement

from tests import ROOT

PROGRAM: Final = "lemtrada-ledger"
ALLOWED: Final = frozenset(
    {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MIT-CMU", "PSF-2.0", "0BSD"}
)
LGPL: Final = frozenset({"fpdf2", "psycopg", "psycopg-binary", "psycopg-pool"})
"""LGPL-3.0: used unchanged as they come from PyPI, and replaceable by the user who installs; allowed by name alone."""

IN_OTHER_WORDS: Final = {
    "PSFL": "PSF-2.0",
    "MIT License": "MIT",
    "ISC License": "ISC",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
}
"""How older metadata says it; what is not here and not an SPDX id is checked by a person first."""


def with_all_that_it_needs(name: str) -> dict[str, Distribution]:
    """The distributions that are installed for a program, without any extra of its own."""
    todo, seen = [Requirement(name)], dict[tuple[str, frozenset[str]], Distribution]()
    while todo:
        one = todo.pop()
        key = (named(one.name), frozenset(one.extras))
        if key in seen:
            continue
        seen[key] = distribution(one.name)
        needed = [Requirement(text) for text in seen[key].requires or ()]
        extras = {"", *one.extras}
        todo += [
            more for more in needed if more.marker is None or any(more.marker.evaluate({"extra": it}) for it in extras)
        ]
    return {key: found for (key, _), found in seen.items() if key != named(name)}


def named(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def licenses_of(one: Distribution) -> set[str]:
    """SPDX ids of which any may be chosen; empty where the metadata does not say."""
    metadata = one.metadata
    if "License-Expression" in metadata:
        said = metadata["License-Expression"].split(" OR ")
    elif metadata.get("License", "") in ({*IN_OTHER_WORDS} | ALLOWED):
        said = [metadata["License"]]
    else:
        said = [one for one in metadata.get_all("Classifier") or () if one.startswith("License ::")]
    return {IN_OTHER_WORDS.get(one, one) for one in said}


def locked() -> list[dict[str, Any]]:
    packages: list[dict[str, Any]] = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    return packages


RUNTIME = with_all_that_it_needs(PROGRAM)


@pytest.mark.parametrize("name", sorted(RUNTIME))
def test_the_license_of_what_is_installed_with_the_program_is_allowed(name: str) -> None:
    found = licenses_of(RUNTIME[name])
    assert found, f"{name} does not state its license: look it up, and add what the project states to IN_OTHER_WORDS"
    if name in LGPL:
        assert found == {"LGPL-3.0-only"}
    else:
        # Of licenses that are joined by AND, each must be allowed.
        assert any(ALLOWED.issuperset(one.split(" AND ")) for one in found), f"{name} is under {found}"


def test_all_of_it_is_checked() -> None:
    """The walk reaches what the program names, and what that needs in turn."""
    assert {"fastapi", "starlette", "cryptography", "cffi", "pyjwt", "limits", "pydantic-core", *LGPL} <= {*RUNTIME}
    assert not {"pytest", "ruff", "pip-audit"} & {*RUNTIME}


def test_a_license_outside_the_list_would_be_seen(tmp_path: Path) -> None:
    for said, expected in (
        ("License-Expression: AGPL-3.0-only", {"AGPL-3.0-only"}),
        ("License: Proprietary", set()),
        ("License-Expression: GPL-2.0-only OR MIT", {"GPL-2.0-only", "MIT"}),
    ):
        (tmp_path / "METADATA").write_text(f"Metadata-Version: 2.4\nName: x\nVersion: 1\n{said}\n")
        assert licenses_of(Distribution.at(tmp_path)) == expected


def test_every_dependency_is_pinned_with_hashes() -> None:
    packages = locked()
    assert len(packages) > 90
    for one in packages:
        if named(one["name"]) == PROGRAM:
            assert one["source"] == {"editable": "."}
            continue
        assert "registry" in one["source"], f"{one['name']} comes from elsewhere than a registry"
        files = [*one.get("wheels", ()), *([one["sdist"]] if "sdist" in one else ())]
        assert files, one["name"]
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", file.get("hash", "")) for file in files), one["name"]


def test_the_lock_is_of_this_project_and_is_what_is_installed() -> None:
    packages = locked()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {named(Requirement(one).name) for one in project["dependencies"]}
    (own,) = (one for one in packages if named(one["name"]) == PROGRAM)
    assert {named(one["name"]) for one in own["dependencies"]} == asked
    pinned = {(named(one["name"]), one["version"]) for one in packages if "version" in one}
    assert {(name, one.version) for name, one in RUNTIME.items()} <= pinned


# -- the audit --------------------------------------------------------------------------------


def faults_of(report: Mapping[str, Any], names: set[str]) -> list[str]:
    """What a report of pip-audit leaves open: known vulnerabilities, and what was not checked."""
    by_name = {named(one["name"]): one for one in report["dependencies"]}
    faults = [f"{name} was not looked at" for name in sorted(names - {*by_name})]
    for name, one in sorted(by_name.items()):
        if "skip_reason" in one:
            faults.append(f"{name} was skipped: {one['skip_reason']}")
        faults += [f"{name} {one['version']}: {hole['id']}" for hole in one.get("vulns", ())]
    return faults


def test_a_package_that_the_audit_skipped_is_not_taken_for_a_sound_one() -> None:
    """pip-audit itself ends with status 0 where its service knows nothing of a package."""
    report = {
        "dependencies": [
            {"name": "Sound", "version": "1", "vulns": []},
            {"name": "Holed", "version": "2", "vulns": [{"id": "CVE-1"}]},
            {"name": "unknown", "skip_reason": "not found"},
        ]
    }
    assert faults_of(report, {"sound", "holed", "unknown", "left-out"}) == [
        "left-out was not looked at",
        "holed 2: CVE-1",
        "unknown was skipped: not found",
    ]


@pytest.mark.campaign
def test_no_known_hole_is_in_what_is_locked(tmp_path: Path) -> None:
    pins = {named(one["name"]): one["version"] for one in locked() if named(one["name"]) != PROGRAM}
    (tmp_path / "locked.txt").write_text("".join(f"{name}=={version}\n" for name, version in sorted(pins.items())))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps"),
            *("--progress-spinner", "off", "--format", "json", "-r", str(tmp_path / "locked.txt")),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.stdout, f"pip-audit reached no service: {done.stderr[-2000:]}"
    assert faults_of(json.loads(done.stdout), {*pins}) == []
