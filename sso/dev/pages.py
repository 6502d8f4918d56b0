"""The development provider's pages: plain HTML from the server, no script."""

from collections.abc import Iterable
from html import escape

from sso.dev.people import DemoPerson

WARNING = "Development identity provider: no passwords, made-up people. Never for real use."

STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; }
.warning { background: #b00020; color: #fff; margin: 0; padding: .5rem 1rem; text-align: center; }
main { margin: 2rem auto; max-width: 34rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; }
li { list-style: none; margin: 0 0 .75rem; }
ul { padding: 0; }
button { cursor: pointer; font: inherit; padding: .75rem 1rem; text-align: left; width: 100%; }
input { box-sizing: border-box; font: inherit; padding: .75rem 1rem; width: 100%; }
.code { font: 1.5rem ui-monospace, monospace; letter-spacing: .1em; }
button strong { display: block; }
"""


def choice_page(people: Iterable[DemoPerson], query: str, *, confirm: bool) -> str:
    """Return the page with one button per person; `confirm` asks to prove again who is there."""
    title = "Confirm it is you" if confirm else "Sign in to Guildhall"
    lead = (
        "What you are about to do needs a fresh, strong sign-in. Choose yourself again to confirm."
        if confirm
        else "Choose who you want to be in the demo."
    )
    buttons = "".join(_button(person) for person in people)
    form = f'<form method="post" action="authorize?{escape(query)}"><ul>{buttons}</ul></form>'
    return _page(title, f"<p>{lead}</p>{form}")


def device_page(mistake: str | None) -> str:
    """Return the page on which somebody types the code their terminal shows."""
    said = f'<p role="alert" id="mistake">{escape(mistake)}</p>' if mistake else ""
    described = ' aria-describedby="mistake" aria-invalid="true"' if mistake else ""
    field = (
        '<p><label for="user_code">Code</label></p><p><input id="user_code" name="user_code" '
        f'autocomplete="off" autocapitalize="characters" spellcheck="false" required{described}></p>'
    )
    button = '<button type="submit"><strong>Go on</strong></button>'
    form = f'<form method="post" action="device">{field}{button}</form>'
    return _page("Sign in on a device", f"<p>Type the code that your terminal shows.</p>{said}{form}")


def device_choice_page(people: Iterable[DemoPerson], user_code: str, confirmation: str) -> str:
    """Return the page on which somebody says that a device is theirs, and who they are."""
    lead = (
        "<p>Only go on if you have just started <code>guildhall login</code> yourself, and your terminal "
        f'shows this code:</p><p class="code">{escape(user_code)}</p>'
    )
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in (("user_code", user_code), ("confirmation", confirmation))
    )
    stop = '<button type="submit" name="person" value=""><strong>Stop</strong> This is not mine.</button>'
    buttons = f"<li>{stop}</li>" + "".join(_button(person) for person in people)
    form = f'<form method="post" action="device">{hidden}<ul>{buttons}</ul></form>'
    return _page("Is this your device?", f"{lead}{form}")


def message_page(title: str, text: str) -> str:
    """Return a page with one sentence."""
    return _page(title, f"<p>{escape(text)}</p>")


def _button(person: DemoPerson) -> str:
    label = f"<strong>{escape(person.name)}</strong> {escape(person.does)}"
    return f'<li><button type="submit" name="person" value="{escape(person.handle)}">{label}</button></li>'


def _page(title: str, content: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="style.css"></head>'
        f'<body><p class="warning" role="alert">{WARNING}</p>'
        f"<main><h1>{escape(title)}</h1>{content}</main></body></html>"
    )
