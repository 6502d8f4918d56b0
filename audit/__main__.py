"""``python -m audit verify DIR|FILE.tlog-proof --key VKEY [--strict] [--extends CHECKPOINT]``.

Exit 0: it holds; 1: it does not; 2: wrong use.
"""

import argparse
import sys
from collections.abc import Sequence

from audit.errors import VerifierInputError
from audit.tree.extends import verify_extends
from audit.verify import read_trust, verify


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        trust = read_trust(options.key)
        verdict = verify(options.path, trust, strict=options.strict)
        if verdict.ok and options.extends:
            verdict = verify_extends(options.path, options.extends, trust)
    except VerifierInputError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    place = "" if verdict.ok or verdict.index is None else f"index {verdict.index}: "
    sys.stdout.write(f"{'ok' if verdict.ok else 'MISMATCH'}: {place}{verdict.sentence}\n")
    return 0 if verdict.ok else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m audit")
    command = parser.add_subparsers(required=True).add_parser(
        "verify", help="verify an export or a proof, offline"
    )
    command.add_argument("path", help="an exported log's directory, or a .tlog-proof file")
    command.add_argument(
        "--key",
        required=True,
        action="append",
        help="a verifier key of the log, or @FILE with keys or a policy; may be given several times",
    )
    command.add_argument("--strict", action="store_true", help="also read every head of a log as JSON")
    command.add_argument("--extends", help="a checkpoint kept from before, which an exported log must extend")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
