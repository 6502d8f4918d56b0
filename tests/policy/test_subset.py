import pytest

from policy.bundles import read_bundle
from policy.subset import ESCAPED, lint

GOOD = """package guildhall.x

import data.guildhall.y

# with http.send( and sprintf( in a comment
named contains name if some name in input.names

double(number) := doubled if {
	doubled := number + number
}

total := sum(numbers) if {
	numbers := [number |
		some entry in input.entries
		number := double(entry.size)
	]
	"with http.send(x) in a string" != input.text
} else := 0
"""


def messages(text: str, path: str = "guildhall/x.rego") -> list[str]:
    return [problem.message for problem in lint({path: f"package guildhall.x\n\n{text}\n"})]


def test_our_own_rules_stay_inside() -> None:
    assert lint(dict(read_bundle(with_tests=True).files)) == []


@pytest.mark.parametrize("text", [r'"\u00e9"', r'"a\/b"', r'"\\\u00e9"'])
def test_a_character_is_written_as_itself(text: str) -> None:
    """OPA compares characters, regopy spellings: the one would match where the other does not."""
    assert messages(f"# a \\u in a comment\nr if input.x == {text}") == [ESCAPED]


@pytest.mark.parametrize("text", ['"é"', r'"a\\u00e9"', r'"a\n\t\"b"', r"`\u00e9`"])
def test_other_text_is_left_alone(text: str) -> None:
    assert messages(f"r if input.x == {text}") == []


def test_what_is_portable_passes() -> None:
    assert lint({"guildhall/x.rego": GOOD}) == []


@pytest.mark.parametrize(
    "call",
    [
        'http.send({"url": input.url})',
        "opa.runtime()",
        'net.lookup_ip_addr("x")',
        'net.cidr_contains("10.0.0.0/8", input.ip)',
        "time.now_ns()",
        'rand.intn("x", 5)',
        'uuid.rfc4122("x")',
        'sprintf("%s", [input.x])',
        "print(input)",
        'trace("x")',
        "lower(input.x)",
        "regex.match(input.p, input.x)",
        "numbers.range(1, 3000000)",
        "data.other.check(1)",
    ],
)
def test_case_82_a_call_outside_the_list_is_refused(call: str) -> None:
    assert [message for message in messages(f"r := {call}") if "not in the list of built-ins" in message]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("r if not data.guildhall.y with input as 2", "`with` belongs in *_test.rego"),
        ("r := data.guildhall.y.z with input as {}", "`with` belongs in *_test.rego"),
        ("allow {\n\tinput.x\n}", "`if` or `contains`"),
        ("f(x) := [{x: y} | some y in input.l]", "head of a comprehension"),
        ("r := {a, b} | input.s", "head of a comprehension"),
        ("r := [k | some k, v in input.l]", "does not parse inside a comprehension"),
        ("r if every x in input.l { x > 1 }", "outside the portable subset"),
    ],
)
def test_a_construct_that_engines_read_differently_is_refused(text: str, said: str) -> None:
    assert [message for message in messages(text) if said in message]


def test_tests_for_opa_alone_may_use_with() -> None:
    assert messages("r := data.guildhall.y with input as {}", "guildhall/x_test.rego") == []


def test_another_package_is_refused() -> None:
    assert [problem.message for problem in lint({"x.rego": "package other\n"})] == [
        "the package is not under guildhall"
    ]


def test_a_function_has_one_home() -> None:
    texts = {f"{name}.rego": f"package guildhall.{name}\n\nf(x) := x\n" for name in ("a", "b")}
    assert [problem.message for problem in lint(texts)] == ["the function `f` has homes in several packages"]


def test_a_problem_says_where() -> None:
    problem = lint({"guildhall/x.rego": "package guildhall.x\n\nr := http.send(1)\n"})[0]
    assert str(problem) == "guildhall/x.rego:3: `http.send` is not in the list of built-ins"
