"""Tokens: what is accepted, what is refused, how sessions end everywhere, how keys are replaced."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth_service.control import signing_keys
from auth_service.control.signing_keys import KeyCipher, add_key, current_key, verification_keys
from auth_service.store.database import Database
from auth_service.store.records import SessionRecord, SigningKeyRecord
from common.errors import DataProblem, Unauthenticated, Unavailable
from common.identity import AUDIENCE, ISSUER, KeyRing, VerificationKey
from protos.auth.v1 import auth_pb2 as pb
from protos.settings.v1 import settings_pb2

PARK = "park@plant.example"


def claims(**changes: Any) -> dict[str, Any]:
    now = time.time()
    said = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "admin@plant.example",
        "sid": "s",
        "role": "admin",
        "iat": now,
        "exp": now + 600,
    }
    return {**said, **changes}


def forged(plant: Any) -> dict[str, str]:
    """Tokens that must not be accepted, by what is wrong with them."""
    key = plant.program.logins._signer.key
    public = key.private_key.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    other, header = Ed25519PrivateKey.generate(), {"kid": key.key_id}

    def signed(said: dict[str, Any], with_key: Any = key.private_key, **options: Any) -> str:
        return jwt.encode(said, with_key, **{"algorithm": "EdDSA", "headers": header, **options})

    def hs256(secret: bytes) -> str:
        algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
        head = jwt.utils.base64url_encode(f'{{"alg":"HS256","typ":"JWT","kid":"{key.key_id}"}}'.encode())
        body = jwt.utils.base64url_encode(json.dumps(claims()).encode())
        return b".".join([head, body, jwt.utils.base64url_encode(algorithm.sign(head + b"." + body, secret))]).decode()

    whole = signed(claims())
    return {
        "none": jwt.encode(claims(), "", algorithm="none", headers=header),
        "HS256 with the public key as PEM": hs256(pem.encode()),
        "HS256 with the public key's bytes": hs256(public.public_bytes_raw()),
        "another key": signed(claims(), other),
        "an unknown key id": signed(claims(), headers={"kid": "old"}),
        "no key id": signed(claims(), headers={}),
        "expired": signed(claims(iat=time.time() - 7200, exp=time.time() - 3600)),
        "another audience": signed(claims(aud="elsewhere")),
        "another issuer": signed(claims(iss="elsewhere")),
        "no expiry": signed({k: v for k, v in claims().items() if k != "exp"}),
        "no session": signed({k: v for k, v in claims().items() if k != "sid"}),
        "not begun yet": signed(claims(iat=time.time() + 3600, exp=time.time() + 7200)),
        "a changed body": ".".join(
            [whole.split(".")[0], jwt.utils.base64url_encode(b'{"sub":"x"}').decode(), whole.split(".")[2]]
        ),
        "cut off": whole[:-10],
        "garbage": "garbage",
        "empty": "",
    }


async def test_forged_tokens_are_refused_by_every_process(plant: Any) -> None:
    follower, _ = await plant.follow("gateway")
    genuine = (await plant.login("admin@plant.example", "Start-Pass-99")).token
    assert follower._keys.verify(genuine).is_admin
    for token in forged(plant).values():
        with pytest.raises(Unauthenticated):
            follower._keys.verify(token)
        with pytest.raises(Unauthenticated):
            await plant.ask(plant.auth.Me, pb.MeRequest(), token=token)


async def test_a_token_says_who_with_which_role_until_when(plant: Any) -> None:
    await plant.ask(
        plant.auth.Register, pb.RegisterRequest(username=PARK, password="Seal-Ring-42x", display_name="박지성")
    )
    await plant.ask(plant.auth.Approve, pb.ApproveRequest(username=PARK), process="cli")
    session = await plant.login(PARK, "Seal-Ring-42x")
    caller = plant.program._context.keys.verify(session.token)
    assert (caller.username, caller.role, caller.session_id, caller.display_name) == (
        PARK,
        "user",
        session.session_id,
        "박지성",
    )
    assert (caller.issued_at, caller.expires_at) == (session.issued_at, session.expires_at)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("Logout", lambda: pb.LogoutRequest()),
        ("SetDisabled", lambda: pb.SetDisabledRequest(username=PARK, disabled=True)),
        ("ResetPassword", lambda: pb.ResetPasswordRequest(username=PARK, password="New-Word-77z")),
        ("Reject", lambda: pb.RejectRequest(username=PARK)),
    ],
)
async def test_a_session_that_ends_is_refused_everywhere_before_the_answer(plant: Any, name: str, make: Any) -> None:
    followers = [(await plant.follow(kind))[0] for kind in ("gateway", "ann", "aggregate")]
    token = await plant.user()
    for follower in followers:
        assert follower._keys.verify(token).username == PARK
    credentials = {"token": token} if name == "Logout" else {"process": "cli"}
    await plant.ask(getattr(plant.auth, name), make(), **credentials)
    for follower in followers:
        with pytest.raises(Unauthenticated, match="ended"):
            follower._keys.verify(token)
    with pytest.raises(Unauthenticated):
        await plant.ask(plant.auth.Me, pb.MeRequest(), token=token)


async def test_logging_out_twice_is_refused_the_second_time(plant: Any) -> None:
    token = await plant.user()
    await plant.ask(plant.auth.Logout, pb.LogoutRequest(), token=token)
    with pytest.raises(Unauthenticated):
        await plant.ask(plant.auth.Logout, pb.LogoutRequest(), token=token)


async def test_one_log_out_leaves_the_other_sessions(plant: Any) -> None:
    first, second = await plant.user(), (await plant.login(PARK, "Seal-Ring-42x")).token
    await plant.ask(plant.auth.Logout, pb.LogoutRequest(), token=first)
    await plant.ask(plant.auth.Me, pb.MeRequest(), token=second)


async def test_a_process_that_was_away_learns_what_ended_meanwhile(plant: Any) -> None:
    token = await plant.user()
    await plant.ask(plant.auth.Logout, pb.LogoutRequest(), token=token)
    follower, seen = await plant.follow("gateway")
    with pytest.raises(Unauthenticated):
        follower._keys.verify(token)
    assert len(seen.states[-1].revocations.session_ids) == 1


async def test_a_new_key_signs_and_the_old_one_still_verifies(plant_on_each_database: Any) -> None:
    plant = plant_on_each_database
    follower, seen = await plant.follow("gateway")
    old = await plant.admin()
    keys = await plant.ask(plant.auth.RotateKeys, pb.RotateKeysRequest(), token=old)
    assert len(keys.verifying_key_ids) == 2
    assert keys.active_key_id == keys.verifying_key_ids[0]
    new = await plant.admin()
    assert jwt.get_unverified_header(new)["kid"] == keys.active_key_id != jwt.get_unverified_header(old)["kid"]
    for token in (old, new):
        assert follower._keys.verify(token).is_admin
    assert [key.key_id for key in seen.states[-1].keys] == list(keys.verifying_key_ids)


def test_a_replaced_key_stops_verifying_when_its_last_token_has_expired(database: Database, tmp_path: Path) -> None:
    cipher = KeyCipher.load(tmp_path)
    with database.writing() as session:
        first = add_key(session, cipher, token_seconds=3600, now=1000.0)
        second = add_key(session, cipher, token_seconds=3600, now=2000.0)
        assert [key.key_id for key in verification_keys(session, now=5000.0)] == [second.key_id, first.key_id]
        assert [key.key_id for key in verification_keys(session, now=5700.0)] == [second.key_id]
        chosen = current_key(session, cipher, now=5700.0)
        assert chosen is not None
        assert chosen.key_id == second.key_id
        add_key(session, cipher, token_seconds=3600, now=200_000.0)
    with database.reading() as session:
        assert session.get(SigningKeyRecord, first.key_id) is None


def test_private_keys_are_stored_encrypted_and_bound_to_their_id(sqlite: Database, tmp_path: Path) -> None:
    cipher, other = KeyCipher.load(tmp_path / "a"), KeyCipher.load(tmp_path / "b")
    with sqlite.writing() as session:
        key = add_key(session, cipher, token_seconds=60)
    with sqlite.reading() as session:
        row = session.get(SigningKeyRecord, key.key_id)
        assert row is not None
        assert key.private_key.private_bytes_raw() not in row.private_key
        assert cipher.unseal("another id", row.private_key) is None
        assert current_key(session, other) is None  # a database restored without its secret: a new key is made
    assert (tmp_path / "a" / "signing.secret").stat().st_mode & 0o077 == 0


def test_a_secret_that_was_cut_off_is_told(tmp_path: Path) -> None:
    (tmp_path / "signing.secret").write_bytes(b"short")
    with pytest.raises(DataProblem, match="delete it"):
        KeyCipher.load(tmp_path)


async def test_a_key_is_replaced_by_age(plant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from auth_service.accounts import key_rotation

    before = plant.program.logins._signer.key.key_id
    monkeypatch.setattr(key_rotation, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(key_rotation, "ROTATION_SECONDS", 0.0)
    task = asyncio.create_task(plant.program.rotation.rotate_by_age())
    while plant.program.logins._signer.key.key_id == before:
        await asyncio.sleep(0.01)
    task.cancel()
    assert signing_keys.ROTATION_SECONDS > 0


async def test_a_clock_that_steps_forward_expires_sessions_and_back_revives_none_that_ended(
    plant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower, _ = await plant.follow("gateway")
    ended, alive = await plant.user(), (await plant.login(PARK, "Seal-Ring-42x")).token
    await plant.ask(plant.auth.Logout, pb.LogoutRequest(), token=ended)
    real = time.time
    with monkeypatch.context() as clock:
        clock.setattr(time, "time", lambda: real() + 7200)
        with pytest.raises(Unauthenticated):
            follower._keys.verify(alive)
    with monkeypatch.context() as clock:
        clock.setattr(time, "time", lambda: real() - 7200)
        assert follower._keys.verify(alive).username == PARK
        with pytest.raises(Unauthenticated):
            follower._keys.verify(ended)
        # Without a deadline: the client of this test would compute it with the stepped clock.
        await plant.ask(plant.auth.RotateKeys, pb.RotateKeysRequest(), process="cli", timeout=None)
        request = pb.LoginRequest(username=PARK, password="Seal-Ring-42x")
        assert (await plant.ask(plant.auth.Login, request, timeout=None)).token
    assert follower._keys.verify(alive).username == PARK
    with pytest.raises(Unauthenticated):
        follower._keys.verify(ended)


def test_a_process_that_knows_no_key_yet_ends_nobodys_session() -> None:
    key, keys = Ed25519PrivateKey.generate(), KeyRing()
    token = jwt.encode(claims(), key, algorithm="EdDSA", headers={"kid": "k"})
    with pytest.raises(Unavailable) as caught:
        keys.verify(token)
    assert (caught.value.reason, caught.value.retry_after) == ("NO_VERIFICATION_KEYS", 1.0)
    keys.replace_keys([VerificationKey("k", key.public_key().public_bytes_raw(), time.time() + 600)])
    assert keys.verify(token).is_admin
    keys.replace_keys([VerificationKey("other", key.public_key().public_bytes_raw(), time.time() + 600)])
    with pytest.raises(Unauthenticated):
        keys.verify(token)


async def test_checking_a_token_again_costs_no_signature(plant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    token = await plant.admin()
    keys = KeyRing()
    keys.replace_keys(VerificationKey(k.key_id, k.public_key, k.not_after) for k in plant.program.hub.state.keys)
    assert keys.verify(token).is_admin
    monkeypatch.setattr(keys, "_decode", lambda _token: pytest.fail("decoded again"))
    assert keys.verify(token).is_admin


async def test_expired_sessions_are_forgotten_after_a_month(plant: Any) -> None:
    from auth_service.control import sessions

    token = await plant.user()
    with plant.program.database.writing() as session:
        assert sessions.forget_expired(session, now=time.time()) == 0
        assert sessions.forget_expired(session, now=time.time() + 40 * 86_400) == 1
        assert session.query(SessionRecord).count() == 0
    with pytest.raises(Unauthenticated):
        await plant.ask(plant.auth.Me, pb.MeRequest(), token=token)
    await plant.ask(plant.auth.Logout, pb.LogoutRequest(), token=token)  # ends it all the same
    with pytest.raises(Unauthenticated):
        await plant.ask(plant.control.Get, settings_pb2.GetSettingsRequest(), token=token)
