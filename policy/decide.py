"""Asking an engine and believing it only when nothing is wrong with the answer: fail closed.

An answer counts only if the engine reported the active revision and the result has exactly the agreed shape.
Everything else is a refusal with its own reason: ``policy_undefined``, ``policy_wrong_type``,
``policy_wrong_revision``, ``policy_timeout``, ``policy_error``.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from uuid_utils.compat import uuid7

from policy.canonical import canonical
from policy.decision import (
    DOCUMENT_VERSION,
    UNDEFINED,
    Decider,
    Decision,
    Document,
    Entrypoint,
    PolicyUnavailable,
    Query,
)
from policy.errors import MalformedScopeError, PolicyError, UndecidedError
from policy.plan import Plan, read_clock, read_group_counts
from policy.programs import refused_by_key
from policy.scope import Scope, read_scope

DEADLINE_SECONDS: Final = 3.0
"""A decider has its own, shorter deadlines; this one holds whatever it does."""

_log = logging.getLogger(__name__)


async def decide(
    decider: Decider,
    query: Query,
    *,
    active_revision: str,
    also: str | None = None,
    deadline: float = DEADLINE_SECONDS,
) -> Decision:
    """Ask whether the query is allowed. Never raises: what cannot be decided is a ``PolicyUnavailable``.

    ``also`` is another revision whose answer counts: the one before, just after an activation.
    """
    try:
        accepted = (active_revision, also)
        found = await _ask(decider, Entrypoint.DECISION, query.document(), accepted, deadline)
    except UndecidedError as error:
        return _unavailable(error.code, revision=active_revision, engine=decider.name)
    return conclude(query, found.result, revision=found.revision, engine=found.engine)


def conclude(query: Query, result: object, *, revision: str, engine: str) -> Decision:
    """Return what an engine's result on a query comes to, with the floor that lies below every bundle."""
    try:
        decision = _read_decision(_require_object(result), revision=revision, engine=engine)
    except UndecidedError as error:
        return _unavailable(error.code, revision=revision, engine=engine)
    reason = refused_by_key(query) if decision.allow else None
    return decision if reason is None else _floored(decision, reason)


async def plan(
    decider: Decider,
    change: Document,
    *,
    active_revision: str,
    also: str | None = None,
    deadline: float = DEADLINE_SECONDS,
) -> Plan:
    """Ask which approvals a change needs. ``change`` is the document of ``policy.facts.describe_change``.

    Raises:
        UndecidedError: no trustworthy answer; its ``code`` says which kind.
    """
    found = await _ask(decider, Entrypoint.PLAN, plan_document(change), (active_revision, also), deadline)
    try:
        return read_plan(found.result, found.revision)
    except TypeError:
        raise UndecidedError("policy_wrong_type") from None


async def scope(
    decider: Decider,
    query: Query,
    *,
    active_revision: str,
    also: str | None = None,
    deadline: float = DEADLINE_SECONDS,
) -> Scope:
    """Ask which rows of a list the subject may see. Of the query's resource only the type matters.

    Raises:
        UndecidedError: no trustworthy answer; its ``code`` says which kind.
    """
    accepted = (active_revision, also)
    found = await _ask(decider, Entrypoint.SCOPE, query.document(), accepted, deadline)
    if refused_by_key(query):
        return Scope()
    try:
        return read_scope(found.result)
    except MalformedScopeError:
        raise UndecidedError("policy_wrong_type") from None


@dataclass(frozen=True, slots=True)
class _Answer:
    result: Mapping[str, object]
    revision: str
    engine: str


async def _ask(
    decider: Decider,
    entrypoint: Entrypoint,
    document: Document,
    accepted: tuple[str, str | None],
    deadline: float,
) -> _Answer:
    try:
        canonical(document)
        async with asyncio.timeout(deadline):
            evaluation = await decider.evaluate(entrypoint, document)
    except PolicyError as error:
        raise UndecidedError(error.code) from error
    except TimeoutError:
        raise UndecidedError("policy_timeout") from None
    except Exception as error:  # whatever an engine raises is a refusal, never an allowance
        _log.exception("The policy engine %s failed in an unexpected way.", decider.name)
        raise UndecidedError("policy_error") from error
    if evaluation.revision not in accepted:
        raise UndecidedError("policy_wrong_revision")
    result = _require_object(evaluation.result)
    return _Answer(result, evaluation.revision, evaluation.engine or decider.name)


def _require_object(result: object) -> Mapping[str, object]:
    if result is UNDEFINED:
        raise UndecidedError("policy_undefined")
    if not isinstance(result, dict):
        raise UndecidedError("policy_wrong_type")
    return result


def _read_decision(result: Mapping[str, object], *, revision: str, engine: str) -> Decision:
    try:
        decision = Decision(
            id=uuid7(),
            allow=_read_allow(result),
            reasons=_texts(result["reasons"]),
            missing=read_group_counts(result["missing"]),
            obligations=_documents(result["obligations"]),
            matched=_texts(result["matched"]),
            revision=revision,
            engine=engine,
            valid_until=_seconds(result["valid_until"]),
        )
    except (KeyError, TypeError):
        raise UndecidedError("policy_wrong_type") from None
    if decision.allow and (decision.reasons or decision.obligations or not decision.matched):
        raise UndecidedError("policy_wrong_type")
    return decision


def _floored(decision: Decision, reason: str) -> Decision:
    return replace(decision, allow=False, reasons=(reason,), matched=(), valid_until=None)


def _read_allow(result: Mapping[str, object]) -> bool:
    if result["allow"] is True:
        return True
    if result["allow"] is False:
        return False
    raise TypeError("An answer is true or false.")


def plan_document(change: Document) -> Document:
    """Return what ``guildhall/approval/plan`` is asked of a change."""
    return {"v": DOCUMENT_VERSION, "context": {"change": dict(change)}}


def read_plan(result: Mapping[str, object], revision: str) -> Plan:
    """Read what ``guildhall/approval/plan`` answers.

    Raises:
        TypeError: it has another shape, or asks nobody.
    """
    if set(result) - {"clock", "automatic"} != {"required", "missing", "why"}:
        raise TypeError("A plan says what is required, what is missing, and why.")
    required = read_group_counts(result["required"])
    if not required:
        raise TypeError("A plan without approvals is no plan.")
    hours, further = read_clock(result.get("clock"))
    automatic = result.get("automatic", False)
    if not isinstance(automatic, bool):
        raise TypeError("Automatic is true or false.")
    missing, why = read_group_counts(result["missing"]), _texts(result["why"])
    return Plan(required, missing, why, revision, hours, further, automatic)


def _unavailable(code: str, *, revision: str, engine: str) -> PolicyUnavailable:
    return PolicyUnavailable(
        id=uuid7(),
        allow=False,
        reasons=(code,),
        missing=(),
        obligations=(),
        matched=(),
        revision=revision,
        engine=engine,
        valid_until=None,
    )


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError("Codes come as a list of text.")
    return tuple(value)


def _documents(value: object) -> tuple[Document, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise TypeError("Obligations come as a list of objects.")
    return tuple(value)


def _seconds(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("A time is a whole number of seconds.")
    return value
