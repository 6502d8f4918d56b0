from console.web.times import rfc3339, utc, utc_day

INSTANT = 1_795_327_212_000_001


def test_instants_are_shown_in_utc() -> None:
    assert rfc3339(INSTANT) == "2026-11-22T06:00:12.000001Z"
    assert utc(INSTANT) == "2026-11-22 06:00:12 UTC"
    assert utc_day(INSTANT) == "22 Nov 2026"
    assert rfc3339(0) == "1970-01-01T00:00:00.000000Z"
