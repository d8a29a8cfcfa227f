"""Errors to gRPC statuses with google.rpc details and back; the only place where the two meet.

The codes and values of violations (`common.notices`) follow them, one each.
"""

from __future__ import annotations

import re
from itertools import chain, repeat
from typing import Final

import grpc
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from common import errors
from common.notice_messages import from_message, notice_messages
from protos.common.v1 import notice_pb2

DOMAIN: Final = "routing-ml"

_CODES: Final[dict[type[errors.ServiceError], grpc.StatusCode]] = {
    errors.InvalidInput: grpc.StatusCode.INVALID_ARGUMENT,
    errors.Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    errors.PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    errors.Conflict: grpc.StatusCode.ABORTED,
    errors.PreconditionFailed: grpc.StatusCode.FAILED_PRECONDITION,
    errors.TooManyRequests: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
    errors.DeadlineExceeded: grpc.StatusCode.DEADLINE_EXCEEDED,
    errors.DataProblem: grpc.StatusCode.DATA_LOSS,
    errors.Unimplemented: grpc.StatusCode.UNIMPLEMENTED,
}
_CLASSES: Final = {code: kind for kind, code in _CODES.items()}
_NUMBERS: Final = {code: code.value[0] for code in grpc.StatusCode}


def code_of(error: errors.ServiceError) -> grpc.StatusCode:
    """The gRPC status code of an error."""
    for kind in type(error).__mro__:
        if kind in _CODES:
            return _CODES[kind]
    return grpc.StatusCode.INTERNAL


def to_status(error: errors.ServiceError, request_id: str) -> grpc.Status:
    """A gRPC status with ErrorInfo, BadRequest, RetryInfo and RequestInfo details."""
    code = code_of(error)
    details: list[object] = [
        error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.details),
        error_details_pb2.RequestInfo(request_id=request_id),
    ]
    if error.violations:
        bad = error_details_pb2.BadRequest()
        for violation in error.violations:
            bad.field_violations.add(field=violation.field, description=violation.description)
        details.append(bad)
        details += notice_messages(violation.description for violation in error.violations)
    if error.retry_after is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromMilliseconds(int(error.retry_after * 1000))
        details.append(retry)
    packed = []
    for detail in details:
        box = any_pb2.Any()
        box.Pack(detail)  # type: ignore[arg-type]
        packed.append(box)
    message = status_pb2.Status(code=_NUMBERS[code], message=error.message, details=packed)
    return rpc_status.to_status(message)


def from_rpc_error(error: grpc.aio.AioRpcError, service: str = "") -> errors.ServiceError:
    """The error that a failed call stands for; `service` names the callee where its own words are missing."""
    code = error.code()
    reason, metadata, retry_after = None, {}, None
    wrong: list[tuple[str, str]] = []
    said: list[notice_pb2.Notice] = []
    try:
        status = rpc_status.from_call(error)  # type: ignore[arg-type]
    except ValueError:
        status = None
    if status is not None and status.code != code_pb2.OK:
        for box in status.details:
            if box.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
                info = error_details_pb2.ErrorInfo()
                box.Unpack(info)
                reason, metadata = info.reason, dict(info.metadata)
            elif box.Is(error_details_pb2.BadRequest.DESCRIPTOR):
                bad = error_details_pb2.BadRequest()
                box.Unpack(bad)
                wrong = [(one.field, one.description) for one in bad.field_violations]
            elif box.Is(notice_pb2.Notice.DESCRIPTOR):
                said.append(notice_pb2.Notice())
                box.Unpack(said[-1])
            elif box.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
                retry = error_details_pb2.RetryInfo()
                box.Unpack(retry)
                retry_after = retry.retry_delay.ToMilliseconds() / 1000
    violations = [
        errors.FieldViolation(field, from_message(text, message))
        for (field, text), message in zip(wrong, chain(said, repeat(notice_pb2.Notice())), strict=False)
    ]
    text = error.details() or ""
    kind = _CLASSES.get(code)
    if reason is None:  # the status comes from gRPC itself, not from a service of ours
        if code is grpc.StatusCode.UNAVAILABLE and (refused := _refused_certificate(text, service)):
            return errors.Unavailable(refused, reason="CERTIFICATE_REFUSED", retry_after=1.0)
        if code is grpc.StatusCode.UNAVAILABLE:
            text = f"{service or 'A service'} does not answer; it may be starting or down. Try again in a moment"
            retry_after = 1.0
        elif code is grpc.StatusCode.DEADLINE_EXCEEDED:
            text = f"{service or 'A service'} did not answer in time"
        elif code is grpc.StatusCode.RESOURCE_EXHAUSTED:
            return errors.InvalidInput(f"The message is too large for {service or 'the service'}: {text}")
        elif code is grpc.StatusCode.CANCELLED:
            return errors.Unavailable(f"{service or 'A service'} stopped while answering. Try again", retry_after=1.0)
    if kind is None:
        return errors.ServiceError(text or "An internal error", reason=reason, details=metadata)
    return kind(text, reason=reason, details=metadata, violations=violations, retry_after=retry_after)


def _refused_certificate(details: str, service: str) -> str:
    """What is wrong with the certificate of the host that was called, for people; "" when nothing is."""
    words = details.lower()
    who = service or "A service"
    found = re.search(r"ipv[46]:(\[[^\]]+\]:\d+|[\d.]+:\d+)", details.replace("%5B", "[").replace("%5D", "]"))
    where = f" at {found[1]}" if found else ""
    if "hostname verification" in words:
        return (
            f"{who}{where} shows a certificate that does not hold the name or address it is called by: give that host a "
            "certificate for it, or call it by a name that the certificate holds"
        )
    if "certificate has expired" in words or "not yet valid" in words:
        return f"{who}{where} shows a certificate that is not valid now: renew it, or set the clock of this host"
    if "certificate_verify_failed" in words:
        return (
            f"{who}{where} shows a certificate that ROUTING_ML_TLS_CA did not sign: name the authority that signed it, on every "
            "host the same"
        )
    if "wrong_version_number" in words:
        return (
            f"{who}{where} does not speak TLS and shows no certificate: set ROUTING_ML_TLS_CERTIFICATE and ROUTING_ML_TLS_KEY on "
            "that host"
        )
    return ""
