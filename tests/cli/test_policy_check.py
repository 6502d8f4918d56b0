"""`guildhall policy check` says what would keep a folder from deciding."""

import json
import shutil
from pathlib import Path

from click.testing import CliRunner, Result

from console.campaigns.rules import UNSAID
from console.cli.policy import policy
from policy.bundles import RULES
from policy.recovery import UNASKED


def run(folder: Path) -> Result:
    return CliRunner().invoke(policy, ["check", str(folder)])


def test_our_own_rules_have_nothing() -> None:
    found = run(RULES)
    assert (found.exit_code, found.output) == (0, "")


def test_what_could_not_decide_here_is_named(tmp_path: Path) -> None:
    shutil.copytree(RULES, tmp_path / "rego")
    file = tmp_path / "rego/data.json"
    data = json.loads(file.read_text())
    del data["guildhall"]["access_review"], data["guildhall"]["changes"]["policy"]
    file.write_text(json.dumps(data))
    found = run(tmp_path / "rego")
    assert found.exit_code == 1
    assert found.output.splitlines() == [f".:0: {UNASKED}", f"data.json:0: {UNSAID}"]
