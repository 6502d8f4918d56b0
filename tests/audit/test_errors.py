import re
from uuid import uuid4

from audit import errors
from audit.errors import AuditError, EntryTooLargeError, UnknownSubjectError


def test_the_drawn_tree_names_every_error() -> None:
    drawn = set(re.findall(r"\w+Error", errors.__doc__ or ""))
    defined = {
        name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, AuditError)
    }
    assert drawn == defined


def test_errors_carry_what_a_caller_needs() -> None:
    subject = uuid4()
    assert EntryTooLargeError("reasons", 1025, 1024).field == "reasons"
    assert UnknownSubjectError(subject).subject == subject
    assert "installation" in str(UnknownSubjectError(None))
