import re

from policy.permissions import Permission


def test_permissions_are_in_alphabetical_order() -> None:
    values = [permission.value for permission in Permission]
    assert values == sorted(values)


def test_each_is_a_resource_and_a_verb_and_is_named_for_it() -> None:
    for permission in Permission:
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", permission.value)
        assert permission.name == permission.value.replace(".", "_").upper()
