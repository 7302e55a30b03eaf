"""Takes the two pictures of the README, from the demo's synthetic patients.

python -m tests.browser.readme_pictures
"""

from __future__ import annotations

import os
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import sync_playwright

from api import demo
from api.app import create_app
from domain.events.patient import Member
from domain.ledger.application import open_ledger
from tests import ROOT, story
from tests.benchmarks.node import node
from tests.browser.chromium import chromium
from tests.browser.serving import listening, sign_in

FOLDER: Final = ROOT / ".github" / "pictures"
WIDTH, HEIGHT, SHOWN_WIDTH, COLORS = 1280, 900, 900, 64
REQUEST_OF: Final = "DEMO-0001"
PATIENT: Final = "DEMO-0011"


def main() -> None:
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node()))
    os.environ["XDG_DATA_HOME"] = tempfile.mkdtemp()
    url = f"sqlite:///{Path(tempfile.mkdtemp()) / 'demo.sqlite'}"
    demo.fill(url, patients=len(demo.SITUATIONS), zone=demo.ZONE)
    found = chromium()
    with open_ledger(url) as ledger, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(found.program), args=found.arguments, env={**os.environ, **found.environment}
        )
        patient = ledger.find(Member(member_id=PATIENT))
        request = ledger.history(ledger.find(Member(member_id=REQUEST_OF))).requests[-1].request_id
        app = create_app(ledger)
        with listening(app) as base:
            page = browser.new_context(base_url=base, viewport={"width": WIDTH, "height": HEIGHT}).new_page()
            sign_in(page, app, story.PHYSICIAN)
            for name, path in (("request", f"/pages/requests/{request}"), ("patient", f"/pages/patients/{patient}")):
                page.goto(path)
                save(page.screenshot(), FOLDER / f"{name}.png")


def save(screenshot: bytes, file: Path) -> None:
    """Small enough for a repository: narrower, and of few colors."""
    picture = Image.open(BytesIO(screenshot)).convert("RGB")
    picture = picture.resize((SHOWN_WIDTH, HEIGHT * SHOWN_WIDTH // WIDTH), Image.Resampling.LANCZOS)
    picture.quantize(COLORS, dither=Image.Dither.NONE).save(file, optimize=True)
    print(file)


if __name__ == "__main__":
    main()
