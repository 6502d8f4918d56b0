"""What a principal rests on: whoever is remembered is forgotten when any of it moves."""

from console.clock import MICROSECONDS
from console.freshness.moves import ANY, Move
from console.freshness.remembered import LONGEST, Entry
from sso.principal import Principal
from sso.sessions import subject_key


def depends_of(principal: Principal) -> frozenset[Move]:
    """Return the rows that say who the principal is, and whether the proof it came with still holds."""
    proof = principal.authentication
    moves = {Move("person", principal.id.hex), Move("unexplained", ANY)}
    if proof.session_id_hash is not None:
        moves.add(Move("session", proof.session_id_hash))
    else:
        moves.add(Move("signed_out", subject_key(proof.issuer, proof.subject)))
    if proof.key is not None:
        moves.add(Move("key", proof.key.id.hex))
    return frozenset(moves)


def entry_of(principal: Principal, *also: Move, now: int, ends: int | None = None) -> Entry[Principal]:
    """Return what is remembered of a principal, until its proof ends, or `ends` (microseconds).

    `also` is what the proof depends on besides.
    """
    expires = principal.authentication.expires
    proof = now + LONGEST if expires is None else expires * MICROSECONDS
    return Entry(principal, depends_of(principal).union(also), proof if ends is None else min(proof, ends))
