"""The errors of the service: one small tree.

    SentinelError
    ├── BadInput            the caller's fault: says what and where (4xx)
    │   ├── TooLarge        a limit on bytes, depth, entries or time (413)
    │   ├── UnsupportedType not JSON that we read (415)
    │   ├── MissingData     required data cannot be had (412)
    │   ├── NotAcceptable   an answer in a form that we do not write (406)
    │   ├── TooMany         more calls than agreed: later again (429)
    │   ├── NotAllowed      the caller may not (401, 403)
    │   └── NotFound        no such thing (404)
    ├── SettingsFault       the operator's fault: every fault listed at once
    └── Unavailable         ours, and passing: try again (503)

`code` is a constant for logs and support, `issue` the FHIR issue type, `location` a FHIRPath.
Messages never hold patient content.
"""

from typing import ClassVar


class SentinelError(Exception):
    """Base of all errors that we raise on purpose."""

    status: ClassVar[int] = 500
    issue: ClassVar[str] = "exception"

    def __init__(self, message: str, *, code: str, location: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.location = location


class BadInput(SentinelError):
    status = 400
    issue = "invalid"


class TooLarge(BadInput):
    status = 413
    issue = "too-long"


class UnsupportedType(BadInput):
    status = 415
    issue = "not-supported"


class NotAcceptable(BadInput):
    status = 406
    issue = "not-supported"


class TooMany(BadInput):
    status = 429
    issue = "throttled"


class MissingData(BadInput):
    status = 412
    issue = "required"


class NotAllowed(BadInput):
    status = 401
    issue = "login"


class NotFound(BadInput):
    status = 404
    issue = "not-found"


class SettingsFault(SentinelError):
    issue = "exception"


class Unavailable(SentinelError):
    status = 503
    issue = "transient"
