"""Argon2id hashes: those of every other implementation, whatever memory and threads they are made with."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import HashingError, InvalidHashError, VerifyMismatchError

from auth_service.accounts import argon2id
from auth_service.accounts.argon2id import Argon2id, Cost

CHEAP = Cost(passes=2, memory_kib=64, lanes=2)
PASSWORD = "메카니컬 씰 42x"


def test_the_digest_is_that_of_the_reference_whatever_the_threads() -> None:
    hasher, reference = Argon2id(CHEAP), PasswordHasher(time_cost=2, memory_cost=64, parallelism=2)
    assert hasher.keeps_memory
    for threads in (1, 2, 9):
        made = hasher.hash(PASSWORD, threads=threads)
        assert reference.verify(made, PASSWORD)
        assert not reference.check_needs_rehash(made)
        with pytest.raises(VerifyMismatchError):
            reference.verify(made, PASSWORD + "y")
        assert hasher.verify(reference.hash(PASSWORD), PASSWORD, threads=threads)
        assert not hasher.verify(reference.hash(PASSWORD), PASSWORD + "y", threads=threads)


@pytest.mark.parametrize("cost", [Cost(1, 64, 2), Cost(2, 128, 2), Cost(2, 64, 1), Cost(3, 32, 4)])
def test_hashes_of_other_parameters_are_checked_and_known_as_outdated(cost: Cost) -> None:
    made, hasher = Argon2id(cost).hash(PASSWORD), Argon2id(CHEAP)
    assert hasher.verify(made, PASSWORD)
    assert not hasher.verify(made, "another")
    assert hasher.outdated(made)
    assert not hasher.outdated(hasher.hash(PASSWORD))


def test_two_hashes_of_one_password_differ() -> None:
    hasher = Argon2id(CHEAP)
    assert hasher.hash(PASSWORD) != hasher.hash(PASSWORD)


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "no hash",
        "$argon2id$v=19$m=64,t=2,p=2$AAAA",
        "$argon2i$v=19$m=64,t=2,p=2$c29tZXNhbHQ$" + "A" * 43,
        "$argon2d$v=19$m=64,t=2,p=2$c29tZXNhbHQ$" + "A" * 43,
        "$argon2id$v=16$m=64,t=2,p=2$c29tZXNhbHQ$" + "A" * 43,
        "$argon2id$v=19$m=64,t=2,p=2$c29t*XNhbHQ$" + "A" * 43,
    ],
)
def test_what_is_no_argon2id_hash_is_refused(encoded: str) -> None:
    with pytest.raises(InvalidHashError):
        Argon2id(CHEAP).verify(encoded, PASSWORD)


@pytest.mark.parametrize("digest", ["", "AAAA"])
def test_a_hash_with_too_short_a_digest_fits_no_password(digest: str) -> None:
    with pytest.raises((HashingError, InvalidHashError)):
        Argon2id(CHEAP).verify(f"$argon2id$v=19$m=64,t=2,p=2$c29tZXNhbHQ${digest}", PASSWORD)


def test_hashes_at_once_have_memory_of_their_own_which_is_kept_and_given_back() -> None:
    hasher = Argon2id(Cost(2, 4096, 2))
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda number: hasher.hash(f"password {number}"), range(12)))
        assert all(pool.map(lambda number: hasher.verify(made[number], f"password {number}"), range(12)))
    kept = len(hasher._free)
    assert 1 <= kept <= 4
    hasher.hash(PASSWORD)
    assert len(hasher._free) == kept
    hasher.trim(3600.0)
    assert len(hasher._free) == kept
    hasher.trim(0.0)
    assert not hasher._free
    assert hasher.verify(made[0], "password 0")


def test_a_library_that_does_not_take_memory_from_here_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_context: object, _kind: int) -> int:
        raise TypeError("another structure")

    made = Argon2id(CHEAP).hash(PASSWORD)
    monkeypatch.setattr(argon2id, "core", refuse)
    hasher = Argon2id(CHEAP)
    assert not hasher.keeps_memory
    assert hasher.verify(made, PASSWORD)
    assert not hasher.verify(hasher.hash(PASSWORD), "another")
