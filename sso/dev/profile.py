"""Where the development provider may run."""

from sso.settings import is_loopback

EMBEDDED = "embedded"


def assert_embedded(profile: str, host: str) -> None:
    """Refuse the development provider anywhere but on loopback in the embedded profile.

    Raises:
        ValueError: with the sentence to show.
    """
    if profile != EMBEDDED:
        raise ValueError("The development identity provider only runs in the embedded profile.")
    if not is_loopback(host):
        raise ValueError("The development identity provider only runs on a loopback address.")
