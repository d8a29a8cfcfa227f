"""What leaves the screens: downloads, workbooks, texts for spreadsheets, and what an ERP gets."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import pytest
from playwright.sync_api import Download, Page, Route, expect

from tests.e2e.browser_steps import LANGUAGES, said
from tests.e2e.conftest import PageIn
from tests.e2e.test_numbers_in_the_browser import ITEM, propose
from tests.e2e.test_saving_in_the_browser import posts_to
from tests.support.patience import wait_until
from tests.support.running_system import RunningSystem

MOST_OF_A_CELL = 32_767
MARK = b"\xef\xbb\xbf"
ERP_COLUMNS = ("ITEM_CD", "CANDIDATE_ID", "ROUTING_SIGNATURE", "PRIORITY", "SIMILARITY_SCORE")


def content(download: Download) -> bytes:
    """The bytes of a download."""
    return Path(download.path()).read_bytes()


def named(change: dict[str, object]) -> Callable[[Route], None]:
    """Has the first operation of the next prediction changed."""

    def change_it(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        body["items"][0]["operations"][0].update(change)
        route.fulfill(response=answer, body=json.dumps(body))

    return change_it


@contextmanager
def erp_by_file(system: RunningSystem) -> Iterator[None]:
    """The ERP interface is on and takes CSV files."""
    with system.admin() as client:
        was = client.get("/api/workflow/graph").json()["export"]
        change = {"erp_interface_enabled": True, "erp_protocol": "csv"}
        client.patch("/api/workflow/graph", json={"export": {**was, **change}}).raise_for_status()
        try:
            yield
        finally:
            client.patch("/api/workflow/graph", json={"export": was}).raise_for_status()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_workbook_shows_two_decimals_in_columns_as_wide_as_their_contents(language: str, page_in: PageIn) -> None:
    page = page_in(language)
    exact = 34.20958761556344
    page.route("**/api/predict", named({"SETUP_TIME": exact, "PROC_DESC": "선삭 1차 가공 공정 (외경)"}), times=1)
    propose(page, language)
    group = page.get_by_role("group", name=said(language, "저장 형식", "Format"))
    group.get_by_text("Excel", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name=said(language, "로컬 저장", "Save locally")).click()
    sheet = openpyxl.load_workbook(io.BytesIO(content(download.value))).active
    header = [cell.value for cell in sheet[1]]
    setup = sheet.cell(2, header.index("SETUP_TIME") + 1)
    assert setup.value == exact
    assert setup.number_format == "#,##0.00"
    assert sheet.freeze_panes == "A2"
    for place, name in enumerate(header, start=1):
        letter = openpyxl.utils.get_column_letter(place)
        assert sheet.column_dimensions[letter].width >= len(str(name))

    with page.expect_download() as download:
        deliver(page, language, "EXCEL")
    sheet = openpyxl.load_workbook(io.BytesIO(content(download.value))).active
    header = [cell.value for cell in sheet[1]]
    column = header.index("SETUP_TIME") + 1
    fractions = [cell for cell in next(sheet.iter_cols(column, column, 2)) if (cell.value or 0) % 1]
    assert {cell.number_format for cell in fractions} == {"#,##0.00"}
    assert sheet.column_dimensions[openpyxl.utils.get_column_letter(column)].width >= len("SETUP_TIME")


def deliver(page: Page, language: str, kind: str) -> None:
    """Have the last prediction written by the server in one format."""
    region = page.get_by_role("region", name=re.compile(said(language, "전달물", "eliverables")))
    for box in region.get_by_role("checkbox").all():
        box.uncheck()
    region.get_by_label(kind, exact=True).check()
    region.get_by_role("button", name=said(language, "내보내기", "Export")).click()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_that_no_cell_holds_is_refused_in_words_and_goes_into_other_files(
    language: str, page_in: PageIn
) -> None:
    page = page_in(language)
    name = "긴" * (MOST_OF_A_CELL + 1)
    page.route("**/api/predict", named({"PROC_DESC": name, "JOB_NM": name}), times=1)
    propose(page, language)
    group = page.get_by_role("group", name=said(language, "저장 형식", "Format"))
    group.get_by_text("Excel", exact=True).click()
    local = page.get_by_role("button", name=said(language, "로컬 저장", "Save locally"))
    local.click()
    expect(page.get_by_text(re.compile("32,767")).first).to_be_visible()
    group.get_by_text("CSV", exact=True).click()
    with page.expect_download() as download:
        local.click()
    assert name in content(download.value).decode("utf-8-sig")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_planner_gets_the_file_of_the_server_and_not_its_path(
    language: str, page_in: PageIn, whole_system: RunningSystem
) -> None:
    page = page_in(language)
    propose(page, language)
    page.get_by_label(said(language, "그룹 이름", "Group name")).fill(f"DOWNLOAD-{language}")
    page.get_by_role("button", name=said(language, "이 라우팅 저장", "Save this routing")).click()
    notice = page.locator("[data-notices] .card").filter(has_text=said(language, "서버 파일:", "File on the server:"))
    expect(notice).not_to_contain_text(str(whole_system.state))
    with page.expect_download() as download:
        notice.get_by_role("button", name=said(language, "다운로드", "Download")).click()
    assert f"DOWNLOAD-{language}" in download.value.suggested_filename
    assert content(download.value).startswith(MARK)
    rows = list(csv.DictReader(io.StringIO(content(download.value).decode("utf-8-sig"))))
    assert {row["ITEM_CD"] for row in rows} == {ITEM}


def test_what_the_server_exports_is_there_after_a_reload(admin_page: Page) -> None:
    propose(admin_page, "ko")
    admin_page.wait_for_timeout(500)  # the draft is stored a moment after the change
    admin_page.reload()
    admin_page.locator("li[data-operation]").first.wait_for()
    with admin_page.expect_download() as download:
        deliver(admin_page, "ko", "CSV")
    assert content(download.value).startswith(MARK)
    assert ITEM in content(download.value).decode("utf-8-sig")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_audit_is_exported_for_the_days_that_were_chosen(language: str, page_in: PageIn) -> None:
    page = page_in(language, "/admin/accounts")
    panel = page.get_by_role("region", name=said(language, "감사 로그", "Audit log"))
    export = panel.get_by_role("button", name=said(language, "CSV로 내보내기", "Export as CSV"))
    since, until = (
        panel.get_by_label(said(language, *words), exact=True) for words in (("시작일", "From"), ("종료일", "To"))
    )
    today = page.evaluate("new Date().toLocaleDateString('sv')")
    since.fill(today)
    until.fill(today)
    with page.expect_download() as download:
        export.click()
    text = content(download.value)
    assert text.startswith(MARK)
    rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))
    assert rows[0][:2] == [said(language, "시각", "Time"), said(language, "작업", "Action")]
    assert any(row[1] == said(language, "로그인", "auth login") for row in rows[1:])
    since.fill("2001-01-01")
    until.fill("2001-01-02")
    expect(panel.get_by_text(said(language, "일치하는 기록이 없습니다.", "Nothing matches."))).to_be_visible()
    expect(export).to_be_disabled()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_erp_gets_once_what_was_shown_before_with_every_column_and_without_guards(
    language: str, page_in: PageIn, whole_system: RunningSystem
) -> None:
    with erp_by_file(whole_system):
        page = page_in(language)
        propose(page, language)
        first = page.locator("li[data-operation]").first
        first.get_by_role("group").press("Enter")
        editor = page.get_by_role("dialog")
        editor.get_by_label(said(language, "설비", "Machine")).fill("-M1")
        editor.get_by_role("button", name=said(language, "적용", "Apply"), exact=True).click()
        operations = page.locator("li[data-operation]").count()
        name = f"-ERP {language}"
        page.get_by_label(said(language, "그룹 이름", "Group name")).fill(name)
        page.get_by_role("button", name=re.compile("^INTERFACE")).click()
        dialog = page.get_by_role("dialog", name=said(language, "ERP 인터페이스", "ERP interface"))
        goes = dialog.get_by_role("table", name=said(language, "전달할 라우팅", "Routings that go to the ERP"))
        expect(goes).to_contain_text(ITEM)
        expect(goes).to_contain_text(name)
        expect(dialog).to_contain_text("CSV")
        sent = posts_to(page, "/erp$")
        send = dialog.get_by_role("button", name="INTERFACE", exact=True)
        send.dblclick()
        delivered = dialog.get_by_role("region", name=said(language, "이 그룹의 전달 기록", "Hand-overs of this group"))
        expect(delivered).to_contain_text(said(language, "전달됨", "delivered"))
        expect(send).to_be_disabled()
        page.keyboard.press("Enter")
        assert len(sent) == 1
        preview = dialog.locator("pre").inner_text()
        check_columns(preview, operations)
        again = dialog.get_by_role("checkbox")
        again.check()
        expect(send).to_be_enabled()

        with whole_system.admin() as client:
            group = client.get("/api/routing/groups", params={"search": name}).json()["items"][0]
            [message] = client.get(f"/api/routing/groups/{group['group_id']}/erp").json()["items"]
    folder = Path(message["target"]) if Path(message["target"]).is_dir() else Path(message["target"]).parent
    files: list[Path] = []

    def written() -> bool:
        files[:] = [file for file in folder.rglob("*.csv*") if ITEM in file.read_text(encoding="utf-8-sig")]
        return bool(files)

    wait_until(written, 20, lambda: f"nothing of {ITEM} in {folder}")
    newest = max(files, key=lambda file: file.stat().st_mtime)
    text = newest.read_text(encoding="utf-8-sig")
    assert "-M1" in text
    assert "'-" not in text


def check_columns(preview: str, operations: int) -> None:
    """Every operation names what the ERP needs, with a value."""
    names, rows = re.findall(r"INSERT INTO routing_candidate_operations \((.+?)\) VALUES\n(.+);", preview, re.DOTALL)[0]
    columns = [name.strip(' "') for name in names.split(",")]
    lines = [line.strip().removesuffix(",")[1:-1] for line in rows.splitlines()]
    assert len(lines) == operations
    for values in csv.reader(lines, quotechar="'", skipinitialspace=True):
        row = dict(zip(columns, values, strict=True))
        for column in ERP_COLUMNS:
            assert row[column] not in ("", "NULL"), f"{column} is empty in {row}"
