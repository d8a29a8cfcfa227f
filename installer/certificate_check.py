"""Whether a certificate and its key can serve a site: both readable PEM, belonging together, not expired."""

from __future__ import annotations

import ssl
import time
from pathlib import Path

from installer.wording import words


class _Locked(Exception):
    """A key asked for its password."""


def has_key(file: Path) -> bool:
    """Whether a PEM file has a private key in it."""
    try:
        return "PRIVATE KEY-----" in file.read_text(encoding="ascii", errors="replace")
    except OSError:
        return False


def problem(certificate: Path, key: Path) -> str:
    """What is wrong, in one line with its cure; "" when nothing is."""
    for option, file in (("Certificate", certificate), ("CertificateKey", key)):
        if not file.is_file():
            return words("check.no_file", option=option, file=file)
        try:
            text = file.read_text(encoding="ascii", errors="replace")
        except OSError as error:
            return words("check.cannot_read", file=file, reason=error.strerror or error)
        if "-----BEGIN " not in text:
            return words("check.no_pem", option=option, file=file)

    def locked() -> str:
        raise _Locked

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=locked)
    except _Locked:
        return words("check.key_has_password", key=key)
    except ssl.SSLError as error:
        if "MISMATCH" in str(error).upper().replace(" ", "_"):
            return words("check.key_of_another", certificate=certificate, key=key)
        return words("check.certificate_unusable", certificate=certificate, key=key, reason=error.reason or error)
    ends = _ends(certificate)
    if ends is not None and ends < time.time():
        return words(
            "check.certificate_expired", certificate=certificate, date=time.strftime("%Y-%m-%d", time.gmtime(ends))
        )
    return ""


def _ends(certificate: Path) -> float | None:
    """When a certificate ends, in seconds since 1970; None where Python does not tell."""
    try:
        decoded = ssl._ssl._test_decode_cert(str(certificate))  # type: ignore[attr-defined]
        return ssl.cert_time_to_seconds(decoded["notAfter"])
    except (AttributeError, KeyError, ValueError, OSError):
        return None
