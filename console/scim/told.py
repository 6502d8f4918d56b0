"""Our errors as SCIM tells them (RFC 7644 section 3.12)."""

from collections.abc import Iterator
from contextlib import contextmanager

from scim2_models import ForbiddenException, SCIMException, UniquenessException
from sqlalchemy.exc import DBAPIError

from console.errors import ConflictError, ConsoleError, NotFoundError, RefusedError
from sso.scim.application import ScimUnavailableError


@contextmanager
def telling() -> Iterator[None]:
    """Raise what went wrong inside as the protocol's own error."""
    try:
        yield
    except ConsoleError as error:
        raise _told(error) from error
    except DBAPIError as error:
        raise ScimUnavailableError from error


def _told(error: ConsoleError) -> SCIMException:
    if isinstance(error, ConflictError):
        return UniquenessException(detail=str(error))
    if isinstance(error, RefusedError | NotFoundError):
        return ForbiddenException(detail=f"This is not allowed ({', '.join(error.reasons)}).")
    return ScimUnavailableError(detail=str(error))
