"""Pictures of every page in every state, for a person to review.

python -m tests.api.pages.browser_look FOLDER [PART OF A NAME]
"""

from __future__ import annotations

import os
import random
import re
import sys
import tempfile
from pathlib import Path
from typing import cast

from playwright.sync_api import sync_playwright

from api.app import Application
from domain.ledger.application import open_ledger
from domain.ledger.schema import upgrade
from tests.api.callers import client_of
from tests.api.pages.states.every import page_states
from tests.api.routes.commands.acts import Api
from tests.benchmarks.node import node
from tests.browser.chromium import chromium
from tests.browser.serving import listening, sign_in
from tests.clock import Clock
from tests.conftest import NOON, ZONE, seeded


def main(folder: Path, part: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    found = chromium()
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node()))
    os.environ["XDG_DATA_HOME"] = tempfile.mkdtemp()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(found.program), args=found.arguments, env={**os.environ, **found.environment}
        )
        for state in page_states():
            name = re.sub(r"[^a-z0-9]+", "-", f"{state.route} {state.name}".lower()).strip("-")
            if part not in name:
                continue
            url = f"sqlite:///{Path(tempfile.mkdtemp()) / 'look.sqlite'}"
            upgrade(url, zone=ZONE, entropy=seeded(0))
            with open_ledger(url, clock=Clock(NOON), entropy=random.Random(1).randbytes) as ledger:
                client = client_of(ledger)
                app = cast("Application", client.app)
                with listening(app) as base:
                    path = state.path(Api(client, ledger))
                    context = browser.new_context(base_url=base, viewport={"width": 1280, "height": 900})
                    page = sign_in(context.new_page(), app, state.actor)
                    page.goto(path)
                    page.screenshot(path=folder / f"{name}-light.png", full_page=True)
                    page.emulate_media(color_scheme="dark")
                    page.screenshot(path=folder / f"{name}-dark.png", full_page=True)
                    page.emulate_media(color_scheme="light", media="print")
                    page.pdf(path=folder / f"{name}.pdf", format="Letter")
                    page.emulate_media(media="screen")
                    page.set_viewport_size({"width": 390, "height": 844})
                    page.screenshot(path=folder / f"{name}-narrow.png", full_page=True)
                    context.close()
                    print(name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:3])
