"""The JSON API of trusted issuers."""

from uuid import UUID

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from console.changes.forms import ChangeCreated
from console.declared import declares
from console.web.listing import Listing
from console.work import UnitOfWork
from console.workloads import kind as _registered  # noqa: F401 - its kind of change is known from here on
from console.workloads.forms import TrustedIssuerAsk, TrustedIssuerRead, TrustedIssuerRevoke
from console.workloads.trusting import ask_trust, end_trust, list_trusted
from policy.permissions import Permission


@get("/trusted-issuers", opt=declares(Permission.TRUSTED_ISSUER_READ))
async def get_trusted(work: NamedDependency[UnitOfWork]) -> Listing[TrustedIssuerRead]:
    """List the issuers whose workload tokens are believed, newest first."""
    return Listing(items=list(await list_trusted(work)))


@post("/trusted-issuers", opt=declares(Permission.CHANGE_CREATE))
async def post_trusted(work: NamedDependency[UnitOfWork], data: JSONBody[TrustedIssuerAsk]) -> ChangeCreated:
    """Ask that tokens of an issuer become a service account; somebody else has to approve."""
    return await ask_trust(work, data)


@delete("/trusted-issuers/{trusted_id:uuid}", opt=declares(Permission.TRUSTED_ISSUER_REVOKE))
async def delete_trusted(
    work: NamedDependency[UnitOfWork], trusted_id: FromPath[UUID], data: JSONBody[TrustedIssuerRevoke]
) -> None:
    """Trust an issuer no more, at once."""
    await end_trust(work, trusted_id, data.reason)


API = (get_trusted, post_trusted, delete_trusted)
