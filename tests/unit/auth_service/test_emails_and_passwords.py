"""Which e-mails and passwords are accepted, how they are compared, hashed and checked."""

from __future__ import annotations

import asyncio
import time
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from argon2 import extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from auth_service.accounts.argon2id import Argon2id, Cost
from auth_service.accounts.passwords import Passwords, check_password, random_password
from auth_service.store.emails import accept_email, email_key
from common.errors import InvalidInput
from common.settings import Settings


def settings(**changes: int) -> Settings:
    values = {"password_time_cost": 1, "password_memory_kib": 64, "password_parallelism": 1, **changes}
    return Settings(_env_file=None, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("written", "other"),
    [
        ("kim@plant.example", "KIM@PLANT.EXAMPLE"),
        ("kim@plant.example", "  kim@plant.example "),
        ("kim@plant.example", "ｋｉｍ＠ｐｌａｎｔ．ｅｘａｍｐｌｅ"),
        ("straße@plant.example", "STRASSE@plant.example"),
        ("김철수@공장.example", "김철수@공장.example"),
    ],
)
def test_spellings_of_one_email_are_the_same_account(written: str, other: str) -> None:
    assert email_key(written) == email_key(other)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "   ",
        "kim",
        "@plant.example",
        "kim@",
        "kim@x@y",
        "kim lee@plant.example",
        "kim\x00@plant.example",
        "kim\n@plant.example",
        "kim\u200b@plant.example",
        "kim\u202e@plant.example",
        "k" * 250 + "@b.example",
        "аdmin@plant.example",  # its first letter is Cyrillic
        "αdmin@plant.example",
    ],
)
def test_an_email_that_could_be_mistaken_is_refused(email: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        accept_email(email)
    assert [violation.field for violation in caught.value.violations] == ["username"]


@pytest.mark.parametrize("email", ["kim@plant.example", "o'hara+x@a.b", "иван@завод.рф", "김@공장.kr", "kim@공장.kr"])
def test_an_ordinary_email_is_kept_as_written(email: str) -> None:
    assert accept_email(f" {email} ") == email


@given(st.text(max_size=40))
def test_comparing_an_email_with_itself_folded_again_changes_nothing(text: str) -> None:
    assert email_key(email_key(text)) == email_key(text)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "x",
        "short-7",
        "aaaaaaaaaaaa",
        "abababab",
        "password123",
        "PASSWORD123",
        "12345678",
        "kim@plant.example",
        "x" * 129,
        "y" * 10_240,
        "good-\x00-word",
        "good-\n-word",
    ],
)
def test_a_weak_or_unusable_password_is_refused(password: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_password(password, "kim@plant.example")
    assert [violation.field for violation in caught.value.violations] == ["password"]


@pytest.mark.parametrize("password", ["Seal-Ring-42x", "Start-Pass-99", "메카니컬 씰 예순둘", "x" * 60 + "yzab" * 17])
def test_a_good_password_is_accepted(password: str) -> None:
    check_password(password, "kim@plant.example")


def test_random_passwords_are_good_and_differ() -> None:
    made = {random_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        check_password(password, "admin@routing.local")


def test_the_default_parameters_are_those_of_rfc_9106_for_little_memory() -> None:
    passwords = Passwords(Settings(_env_file=None), threads=1)
    found = extract_parameters(passwords.hash_now("Seal-Ring-42x"))
    assert (found.type.name, found.time_cost, found.memory_cost, found.parallelism) == ("ID", 3, 65_536, 4)
    assert (found.salt_len, found.hash_len) == (16, 32)
    passwords.close()


async def test_a_password_fits_its_hash_and_no_other() -> None:
    passwords = Passwords(settings())
    stored = await passwords.hash("Seal-Ring-42x", "a")
    assert await passwords.verify(stored, "Seal-Ring-42x", "a") == (True, None)
    assert await passwords.verify(stored, "Seal-Ring-42y", "a") == (False, None)
    assert await passwords.verify(None, "Seal-Ring-42x", "a") == (False, None)
    assert await passwords.verify("no hash", "Seal-Ring-42x", "a") == (False, None)
    assert await passwords.verify(stored, "Seal-Ring-42x" * 1000, "a") == (False, None)
    passwords.close()


async def test_a_hash_made_with_other_parameters_is_made_anew() -> None:
    old, new = Passwords(settings()), Passwords(settings(password_time_cost=2))
    stored = await old.hash("Seal-Ring-42x", "a")
    fits, renewed = await new.verify(stored, "Seal-Ring-42x", "a")
    assert fits
    assert renewed
    assert await new.verify(renewed, "Seal-Ring-42x", "a") == (True, None)
    assert await new.verify(stored, "wrong-word-1", "a") == (False, None)
    old.close()
    new.close()


async def test_an_unknown_account_costs_the_same_work_as_a_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = Passwords(settings())
    stored = await passwords.hash("Seal-Ring-42x", "a")
    worked: list[tuple[object, ...]] = []
    derive = Argon2id._derive

    def noting(self: Argon2id, password: bytes, salt: bytes, cost: Cost, digest_bytes: int, threads: int) -> bytes:
        worked.append((password, len(salt), cost, digest_bytes, threads))
        return derive(self, password, salt, cost, digest_bytes, threads)

    monkeypatch.setattr(Argon2id, "_derive", noting)
    for known in (stored, None):
        await passwords.verify(known, "wrong-word-1", "a")
    assert len(worked) == 2
    assert worked[0] == worked[1]
    passwords.close()


async def test_who_brings_many_jobs_waits_behind_himself() -> None:
    passwords = Passwords(settings(), threads=1)
    order: list[str] = []

    async def job(group: str) -> None:
        await passwords.queue.run(group, lambda: time.sleep(0.001))
        order.append(group)

    flood = [asyncio.create_task(job("flood")) for _ in range(50)]
    await asyncio.sleep(0)
    await asyncio.create_task(job("other"))
    assert order.index("other") <= 3
    await asyncio.gather(*flood)
    assert passwords.queue.queued == 0
    passwords.close()


async def test_who_stops_waiting_gives_the_turn_to_the_next() -> None:
    passwords = Passwords(settings(), threads=1)
    running = asyncio.create_task(passwords.queue.run("a", lambda: time.sleep(0.05)))
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(passwords.queue.run("a", lambda: None)) for _ in range(3)]
    await asyncio.sleep(0)
    for task in (running, waiting[0], waiting[1]):
        task.cancel()
    await asyncio.wait_for(waiting[2], 10)
    assert await passwords.queue.run("b", lambda: 7) == 7
    passwords.close()


def test_the_password_file_is_readable_by_its_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from auth_service.accounts.first_administrator import PASSWORD_FILE_VARIABLE, ensure_administrator
    from auth_service.store import schema
    from auth_service.store.database import Database

    target = tmp_path / "run" / "first"
    monkeypatch.setenv(PASSWORD_FILE_VARIABLE, str(target))
    database = Database(f"sqlite:///{(tmp_path / 'a.db').as_posix()}")
    schema.upgrade(database)
    passwords = Passwords(settings())
    assert ensure_administrator(database, passwords, settings()) == "admin@routing.local"
    password = target.read_text(encoding="utf-8").strip()
    check_password(password, "admin@routing.local")
    assert target.stat().st_mode & 0o077 == 0
    assert ensure_administrator(database, passwords, settings()) is None
    assert password.encode() not in (tmp_path / "a.db").read_bytes()
    database.close()
    passwords.close()


@pytest.mark.parametrize("stored_as", ["NFC", "NFD"])
@pytest.mark.parametrize("sent_as", ["NFC", "NFD"])
async def test_a_password_fits_however_its_letters_are_put_together_also_of_accounts_from_before(
    stored_as: Any, sent_as: Any
) -> None:
    password = "설비관리-Ångström-한글암호"
    cheap = Settings(_env_file=None, password_time_cost=1, password_memory_kib=64, password_parallelism=1)
    passwords = Passwords(cheap)
    try:
        before = passwords.hasher.hash(unicodedata.normalize(stored_as, password))  # as it was sent then
        fits, anew = await passwords.verify(before, unicodedata.normalize(sent_as, password), "g")
        assert fits
        assert (anew is None) is (stored_as == "NFC")
        now = await passwords.hash(unicodedata.normalize(stored_as, password), "g")
        assert await passwords.verify(now, unicodedata.normalize(sent_as, password), "g") == (True, None)
        assert await passwords.verify(now, password + "x", "g") == (False, None)
        assert await passwords.verify(None, password, "g") == (False, None)
    finally:
        passwords.close()


def test_the_length_of_a_password_is_counted_in_whole_letters() -> None:
    check_password(unicodedata.normalize("NFD", "가나다라마바사아" * 16), "a@b.example")
    with pytest.raises(InvalidInput):
        check_password(unicodedata.normalize("NFD", "가나다라"), "a@b.example")
