"""That the browser of these tests is a real one, and that its checks can fail."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests import story
from tests.browser.axe import violations
from tests.browser.fixtures import Visit
from tests.browser.painted import is_painted
from tests.browser.watching import opened


def test_a_person_signs_in_by_a_link_and_out_again(visit: Visit) -> None:
    page = visit(story.NURSE)
    page.goto("/pages")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text(story.NURSE.name).first).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/pages")
    page.wait_for_url("**/sign-in")


def test_text_is_painted_and_hidden_text_is_not(visit: Visit) -> None:
    page = visit(story.NURSE)
    page.goto("/pages/policy")
    heading = page.get_by_role("heading", level=1)
    assert is_painted(heading)
    heading.evaluate("one => { one.style.opacity = 0; }")
    assert not is_painted(heading)


def test_a_label_that_is_missing_is_found(visit: Visit) -> None:
    page = visit(story.NURSE)
    page.goto("/pages/policy")
    assert violations(page) == []
    page.evaluate("document.querySelector('main').append(document.createElement('textarea'))")
    assert [one for one in violations(page) if one.startswith("label:")]


def does(browser: Browser, site: str, script: str) -> None:
    with opened(browser, site) as page:
        page.goto("/sign-in")
        page.evaluate(script)
        page.wait_for_timeout(100)


def test_a_page_that_asks_another_host_fails(browser: Browser, site: str) -> None:
    with pytest.raises(AssertionError, match="Content Security Policy"):
        does(browser, site, "fetch('http://127.0.0.1:9/elsewhere').catch(() => null)")
    with pytest.raises(AssertionError, match="asked another host"):
        does(browser, site, "location.assign('http://127.0.0.1:9/elsewhere')")


def test_a_script_that_fails_fails_the_test(browser: Browser, site: str) -> None:
    with pytest.raises(AssertionError, match="script: planted"):
        does(browser, site, "setTimeout(() => { throw new Error('planted'); }, 0)")
