"""TLS between services: the certificate a service shows and the ones a client trusts, both read anew when their files change."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import grpc

from common.errors import PreconditionFailed
from common.logs import get_logger
from common.settings import Settings

log = get_logger(__name__)


class TrustedCertificates:
    """The certificates by which services are known."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.tls_ca or settings.tls_certificate
        self._read: bytes | None = None

    @property
    def used(self) -> bool:
        """Whether calls are encrypted."""
        return self._path is not None

    def credentials(self) -> grpc.ChannelCredentials | None:
        """Credentials with the certificates as they are now; None where calls are not encrypted.

        Raises:
            PreconditionFailed: the file cannot be read and never could.
        """
        if self._path is None:
            return None
        try:
            self._read = self._path.read_bytes()
        except OSError as error:
            if self._read is None:
                raise PreconditionFailed(
                    f"The trusted certificates {self._path} cannot be read ({error.strerror or error}): set "
                    "ROUTING_ML_TLS_CA to the PEM file of the authority that signs the services' certificates",
                    reason="CERTIFICATE_UNREADABLE",
                ) from None
        return grpc.ssl_channel_credentials(self._read)

    def changed(self) -> bool:
        """Whether the file holds others than were read last; one that cannot be read has not changed."""
        try:
            return self._path is not None and self._path.read_bytes() != self._read
        except OSError:
            return False


class ServerCertificate:
    """The certificate of a service and its key. A pair that does not fit, as while files are being replaced, is not taken over."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._certificate, self._key = certificate, key
        self._seen = b""
        self._told = ""

    def credentials(self) -> grpc.ServerCredentials:
        """Credentials that take over new files at the next connection, without a restart.

        Raises:
            PreconditionFailed: the files cannot be read, do not belong together, or the certificate is not valid now.
        """
        chain, key = self._read()
        first = grpc.ssl_server_certificate_configuration([(key, chain)])
        self._seen = _digest(chain, key)
        return grpc.dynamic_ssl_server_credentials(first, self._newer)  # type: ignore[arg-type] # None: no change

    def _newer(self) -> grpc.ServerCertificateConfiguration | None:
        """The files of the moment where they have changed; called by gRPC at every connection."""
        try:
            chain, key = self._read()
        except PreconditionFailed as error:
            if error.message != self._told:
                self._told = error.message
                log.warning("the certificate in use stays", error=error.message)
            return None
        seen = _digest(chain, key)
        if seen == self._seen:
            return None
        self._seen, self._told = seen, ""
        log.info("certificate read again", certificate=str(self._certificate))
        return grpc.ssl_server_certificate_configuration([(key, chain)])

    def _read(self) -> tuple[bytes, bytes]:
        try:
            chain, key = self._certificate.read_bytes(), self._key.read_bytes()
        except OSError as error:
            raise PreconditionFailed(
                f"{error.filename} cannot be read ({error.strerror or error}): ROUTING_ML_TLS_CERTIFICATE and "
                "ROUTING_ML_TLS_KEY name the PEM files of this host's certificate and key",
                reason="CERTIFICATE_UNREADABLE",
            ) from None
        if _digest(chain, key) != self._seen:
            self._check(chain, key)
        return chain, key

    def _check(self, chain: bytes, key: bytes) -> None:
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

        try:
            certificate = x509.load_pem_x509_certificate(chain)
            private = load_pem_private_key(key, None)
        except (ValueError, TypeError) as error:
            raise PreconditionFailed(
                f"{self._certificate} and {self._key} are no certificate and key in PEM form ({error})",
                reason="CERTIFICATE_UNREADABLE",
            ) from None
        form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        if certificate.public_key().public_bytes(*form) != private.public_key().public_bytes(*form):
            raise PreconditionFailed(
                f"The key {self._key} does not belong to the certificate {self._certificate}: name the two that were made "
                "together",
                reason="CERTIFICATE_KEY_MISMATCH",
            )
        now, begins, ends = datetime.now(UTC), certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if not begins <= now <= ends:
            raise PreconditionFailed(
                f"The certificate {self._certificate} is valid from {begins:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M} UTC and it is "
                f"{now:%Y-%m-%d %H:%M} UTC: renew it, or set the clock of this host",
                reason="CERTIFICATE_EXPIRED",
            )


def _digest(chain: bytes, key: bytes) -> bytes:
    return hashlib.sha256(chain + b"\0" + key).digest()
