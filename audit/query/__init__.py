"""The auditor's query language: ``field:value`` pairs, read, resolved and turned into SQL."""

from audit.query.fields import FIELDS, Field
from audit.query.parse import parse
from audit.query.resolve import Lookup, resolve
from audit.query.sql import condition, select_entries
from audit.query.tree import Name, Prefix, QueryError, Range, Term, show

__all__ = [
    "FIELDS",
    "Field",
    "Lookup",
    "Name",
    "Prefix",
    "QueryError",
    "Range",
    "Term",
    "condition",
    "parse",
    "resolve",
    "select_entries",
    "show",
]
