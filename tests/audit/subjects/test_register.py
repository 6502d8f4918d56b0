"""The register of erasures: appended durably, and every other change of it is found."""

from pathlib import Path

import pytest
from uuid_utils.compat import uuid7

from audit.errors import RegisterError
from audit.subjects.register import BEGINNING, Erasure, ErasureRegister

FIRST, SECOND, THIRD = (Erasure(uuid7(), uuid7(), time) for time in (1, 2, 3))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "erased"


@pytest.fixture
def register(path: Path) -> ErasureRegister:
    return ErasureRegister(path)


def test_what_was_added_is_read_in_order_and_once(register: ErasureRegister, path: Path) -> None:
    assert (register.read(), register.state()) == ((), BEGINNING)
    states = [register.state()]
    for one in (FIRST, SECOND):
        assert register.add([one]) == 1
        assert register.add([one, FIRST]) == 0
        states.append(register.state())
    assert register.add([]) == 0
    assert ErasureRegister(path).read() == (FIRST, SECOND)
    assert len(set(states)) == 3
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_sweep_in_the_middle_of_which_something_was_erased_does_not_count(
    register: ErasureRegister,
) -> None:
    register.add([FIRST])
    register.begin_sweep()
    register.unsweep()  # another process destroys a key of somebody who stood there before
    assert not register.end_sweep()
    assert not register.is_swept()
    register.begin_sweep()
    assert register.end_sweep()
    assert register.is_swept()


def test_a_line_cut_off_by_a_crash_is_written_again(register: ErasureRegister, path: Path) -> None:
    register.add([FIRST, SECOND])
    whole = path.read_bytes()
    for cut in range(len(whole.splitlines(keepends=True)[0]), len(whole)):
        path.write_bytes(whole[:cut])
        assert register.read() == (FIRST,)
        assert register.add([SECOND]) == 1
        assert path.read_bytes() == whole


def test_a_line_that_was_changed_moved_or_taken_out_is_found(register: ErasureRegister, path: Path) -> None:
    register.add([FIRST, SECOND, THIRD])
    first, second, third = path.read_bytes().splitlines(keepends=True)
    forged = second.replace(str(SECOND.subject).encode(), str(uuid7()).encode())
    for content in (first + third, second + third, second + first + third, first + forged + third):
        path.write_bytes(content)
        for use in (register.read, register.state, lambda: register.add([Erasure(uuid7(), uuid7(), 4)])):
            with pytest.raises(RegisterError, match=r"Line [123] of erased"):
                use()
        assert path.read_bytes() == content


def test_what_is_no_line_of_ours_is_refused(register: ErasureRegister, path: Path) -> None:
    for content in (b"\n", b"{}\n", b"[]\n", b"\xff\n", b'{"event": 1}\n'):
        path.write_bytes(content)
        with pytest.raises(RegisterError, match="Line 1"):
            register.read()
