"""Everything that can go wrong in the log's core. Each error carries one sentence for the operator.

AuditError
├── CanonicalError        a value or text is outside the canonical JSON profile
├── DetailError           an event carries what its act does not declare; names act and field
├── EntryTooLargeError    a head or body exceeds its limit; names the field to shorten
├── HeadError             bytes are not a version 1 head
├── PartError             a sealed part cannot be opened, or does not match its commitment
├── RecordError           bytes are not a record
├── UnknownSubjectError   no key for this subject: never made, or erased
├── UnwrapError           a wrapped key does not open under this key-encryption key
├── TileError             a tile, bundle or tile address is malformed
├── NoteError             a signed note is malformed or not signed by the trusted key
│   └── CheckpointError   the note is no checkpoint, or of another origin
├── ProofError            a proof is malformed or does not hold
├── KeyStoreError         the store of subject keys does not answer
├── KeyBackupError        a copy of the key store cannot be taken back
├── RegisterError         the register of erasures is not what was written
├── KeyFileError          the signing key's file is missing its protection or its content
└── VerifierInputError    the verifier was called wrongly (no such path, no such key)
"""

from uuid import UUID


class AuditError(Exception):
    """Root of this package's errors."""


class CanonicalError(AuditError):
    """A value or text is outside the canonical JSON profile (see audit.canonical)."""


class DetailError(AuditError):
    """An event carries what its act does not declare; the sentence names act and field, never a value."""

    def __init__(self, action: str, what: str) -> None:
        super().__init__(f"The act {action} {what}.")
        self.action = action


class EntryTooLargeError(AuditError):
    """An entry exceeds a limit; ``field`` is what to shorten."""

    def __init__(self, field: str, size: int, limit: int) -> None:
        super().__init__(f"The entry is too large: {size} where {limit} is allowed; shorten {field!r}.")
        self.field = field


class HeadError(AuditError):
    """Bytes or fields are not a version 1 head."""


class PartError(AuditError):
    """A sealed part cannot be opened, or does not match its commitment."""


class RecordError(AuditError):
    """Bytes are not a record."""


class UnknownSubjectError(AuditError):
    """There is no key for this subject: never made, or erased."""

    def __init__(self, subject: UUID | None) -> None:
        super().__init__(f"There is no key for {subject or 'the installation'}: never made, or erased.")
        self.subject = subject


class UnwrapError(AuditError):
    """A wrapped key does not open under this key-encryption key."""


class TileError(AuditError):
    """A tile, an entry bundle or a tile address is malformed."""


class NoteError(AuditError):
    """A signed note is malformed, or not signed by the trusted key."""


class CheckpointError(NoteError):
    """A note is no checkpoint, or the checkpoint of another origin."""


class ProofError(AuditError):
    """A proof is malformed or does not hold."""


class KeyFileError(AuditError):
    """The signing key's file lacks its protection or its content."""


class KeyStoreError(AuditError):
    """The store of subject keys does not answer; without a key nothing is sealed."""


class KeyBackupError(AuditError):
    """A copy of the key store cannot be taken back: too old, another installation's, or none."""


class RegisterError(AuditError):
    """The register of erasures was altered; nothing starts until it is put back, or removed and made anew."""


class VerifierInputError(AuditError):
    """The verifier was called wrongly: no such path, or no such key."""
