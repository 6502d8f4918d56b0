"""From text to terms, with an error that names the column for everything that is not in the language."""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import cast

from lark import Lark, Token, Tree, UnexpectedInput, UnexpectedToken

from audit.query.fields import FIELDS, Written, nearest, read_value
from audit.query.tree import QueryError, Term

MAX_LENGTH = 2_000
MAX_TERMS = 20
ESCAPED = re.compile(r"\\(.)")
OPERATORS = ("AND", "NOT", "OR")
LISTS = "lists of values are not part of the language; ask for one value"
EXAMPLE = "write field:value pairs joined by spaces, such as action:model.* outcome:denied"


def parse(text: str) -> tuple[Term, ...]:
    """Return the terms of ``text``, all of which must hold; no terms for an empty text.

    Raises:
        QueryError: anything else than known fields with values of their shape; it names the column.
    """
    _check_characters(text)
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise _explain(text, _position(text, error)) from None
    terms = tuple(_read_term(child) for child in tree.children if isinstance(child, Tree))
    if len(terms) > MAX_TERMS:
        raise QueryError(f"a query has at most {MAX_TERMS} pairs", terms[MAX_TERMS].column)
    return terms


@cache
def _parser() -> Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text("utf-8")
    return Lark(grammar, start="query", parser="lalr", lexer="contextual")


def _check_characters(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise QueryError(f"a query has at most {MAX_LENGTH} characters", MAX_LENGTH + 1)
    for column, character in enumerate(text, start=1):
        # Databases refuse them, each in its own way and only when asked.
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in "\t\r\n":
            raise QueryError("a control character is not part of the language", column)


def _read_term(tree: Tree[Token]) -> Term:
    name = cast("Token", tree.children[0])
    value = cast("Tree[Token]", tree.children[1])
    token = cast("Token", value.children[0])
    column = (token.start_pos or 0) + 1
    return Term(str(name), read_value(str(name), _read_written(token, value.data), column), column)


def _read_written(token: str, kind: str) -> Written:
    if kind == "quoted":
        return Written(ESCAPED.sub(r"\1", token[1:-1]), quoted=True)
    return Written(str(token))


def _position(text: str, error: UnexpectedInput) -> int:
    # At the end of the text lark borrows the position of the last token.
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        return len(text)
    return len(text) if error.pos_in_stream is None else error.pos_in_stream


def _explain(text: str, position: int) -> QueryError:
    before = text[position - 1] if position else " "
    if before == ":":
        sentence = _explain_value(text[position : position + 1])
    elif before.isspace():
        sentence = _explain_start(text[position:].split(maxsplit=1)[0] if text[position:].strip() else "")
    elif text[position : position + 1] in {"(", ")", ","}:
        sentence = LISTS
    else:
        sentence = f"expected a space after a value; {EXAMPLE}"
    return QueryError(sentence, position + 1)


def _explain_value(character: str) -> str:
    match character:
        case "" | " " | "\t" | "\r" | "\n":
            return "expected a value right after the colon"
        case '"':
            return 'the quoted value does not end; inside it, write \\" and \\\\'
        case "(" | ",":
            return LISTS
        case "<" | ">" | "=":
            return "comparisons are not part of the language; write a range, as in 7..9 or 7.."
        case "*":
            return "a value cannot begin with *; only its end can be left open, as in model.*"
        case _:
            return f'a value cannot begin with {character}; put it in quotes, as in "{character}x"'


def _explain_start(word: str) -> str:
    if word.upper() in OPERATORS or word[:1] in {"-", "!", "(", ")", "|"}:
        return f"negation, OR and parentheses are not part of the language; {EXAMPLE}"
    if word[:1] == '"':
        return f"free text is not searched; {EXAMPLE}"
    return f"{EXAMPLE}{nearest(word, FIELDS)}"
