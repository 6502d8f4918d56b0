"""The template environment: strict about names, escaping everything, with the words templates may use.

Globals: ``asset(name)``, ``icon(name)``, ``badge_of(state)``, ``nonce()``, ``csrf_field()``, ``shell()``.
Filters: ``utc``, ``utc_day``, ``rfc3339`` (integer microseconds), ``markdown``.
"""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig
from markupsafe import Markup

from console.web.assets import Assets
from console.web.badges import badge_of
from console.web.csp import current, nonce
from console.web.markdown import render_markdown
from console.web.navigation import DescribeShell, Shell
from console.web.times import rfc3339, utc, utc_day

CSRF_FIELD = "_csrf"
CSRF_STATE = "csrf"
TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


def csrf_field() -> Markup:
    """Return the hidden field that every form with an unsafe method carries.

    Its token is bound to the session (console.security puts it into the scope); a page without a session
    has none, and its forms are refused.
    """
    token = current.get().scope.get("state", {}).get(CSRF_STATE, "")
    return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, token)


def build_environment(
    assets: Assets, describe_shell: DescribeShell, folders: tuple[Path, ...] = (TEMPLATES,)
) -> Environment:
    """Return the Jinja environment of all pages.

    Args:
        assets: the files and icons that were laid out.
        describe_shell: called once per full page; must not wait for anything.
        folders: where templates are, first found first served.
    """

    def shell() -> Shell:
        return describe_shell(current.get().scope)

    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
    )
    environment.globals |= {
        "asset": assets.asset,
        "badge_of": badge_of,
        "csrf_field": csrf_field,
        "icon": assets.icon,
        "nonce": nonce,
        "shell": shell,
    }
    environment.filters |= {"markdown": render_markdown, "rfc3339": rfc3339, "utc": utc, "utc_day": utc_day}
    return environment


def template_config(environment: Environment) -> TemplateConfig[JinjaTemplateEngine]:
    """Return what Litestar needs to render with ``environment``."""
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment))
