"""The main paths in English: from a list of items to saved routings, an item's card, settings and versions."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.looks import check_accessibility
from tests.e2e.test_work_list_in_the_browser import some_items
from tests.support.running_system import RunningSystem

HANGUL = re.compile("[가-힣]")


@pytest.fixture
def page(admin_page: Page) -> Page:
    """The administrator's page in English."""
    admin_page.get_by_role("button", name="English").click()
    admin_page.get_by_role("heading", level=1, name="Routing").wait_for()
    return admin_page


def korean_controls(page: Page) -> list[str]:
    """Names of buttons, fields and headings in Korean, but for what leads back to it."""
    found: list[str] = page.evaluate("""() =>
          [...document.querySelectorAll('button, label, h1, h2, th')]
            .filter(one => one.closest('main, [role=dialog]') !== null)
            .filter(one => one.closest('[data-operation], [data-candidate], td') === null && one.querySelector('bdi') === null)
            .map(one => one.innerText)""")
    return [text for text in found if HANGUL.search(text)]


def test_items_are_recommended_reviewed_saved_and_found_again(  # type: ignore[no-untyped-def]
    page: Page, whole_system: RunningSystem, watched
) -> None:
    watched.expected_statuses.add(409)  # groups of the suggested names may be there
    with whole_system.admin() as client:
        codes = [item["item_code"] for item in some_items(client, 8)][5:8]
    page.get_by_label("Item codes").fill("\n".join(codes))
    page.get_by_label("Recommend from similar items").check()
    page.get_by_role("button", name="Recommend", exact=True).click()
    rows = page.locator("tr[data-row]")
    expect(rows).to_have_count(3)
    page.get_by_label("Select all items shown").check()
    page.get_by_role("button", name="3 selected reviewed").click()
    page.get_by_role("button", name="Save 3 reviewed").click()
    expect(page.get_by_text("3 routings saved.")).to_be_visible()
    expect(rows.and_(page.locator("[data-state=saved]"))).to_have_count(3)
    page.locator("li[data-operation]").first.get_by_role("button", name=re.compile("^Edit machine")).click()
    editor = page.get_by_role("dialog")
    editor.get_by_label("Run (min)").fill("1,500")
    editor.get_by_role("button", name="Apply", exact=True).click()
    expect(page.locator("li[data-operation]").first).to_contain_text("1,500")
    page.get_by_role("button", name="Against now", exact=True).click()
    expect(page.locator("tr[data-change]")).not_to_have_count(0)
    assert korean_controls(page) == []

    page.goto(f"/master-data?item={codes[0]}")
    card = page.get_by_role("region", name=codes[0])
    expect(card.get_by_role("region", name="History").get_by_role("listitem")).not_to_have_count(0)
    expect(card.get_by_role("link", name="Recommend")).to_be_visible()
    assert korean_controls(page) == []


def test_settings_say_in_english_what_a_training_leads_to_and_what_changed(page: Page) -> None:
    page.goto("/options")
    page.get_by_label("Activation policy").select_option("when_gate_passes")
    expect(page.get_by_text("Only when neither recall nor quality is below")).to_be_visible()
    page.get_by_label("Activation policy").select_option("never")  # other tests train, too
    page.get_by_label("Newest versions to keep").fill("11")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text(re.compile("Settings saved"))).to_be_visible()
    page.get_by_role("button", name="Revisions").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("training.keep_versions")
    check_accessibility(page)
    assert korean_controls(page) == []
