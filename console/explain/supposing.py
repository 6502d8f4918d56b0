"""What if somebody were in a group: a team by its name, or what mapping rules give for a claim's value."""

from collections.abc import Mapping
from uuid import UUID

from console.errors import InvalidInputError
from console.explain.history import Stated
from console.explain.organisation import OWNER, Organisation
from console.explain.question import NOTHING_SUPPOSED, Supposed
from sso.scopes import read_scope


def suppose(org: Organisation, rules: Mapping[UUID, Stated], group: str) -> Supposed:
    """Return what membership of `group` would give at the organisation's moment.

    Raises:
        InvalidInputError: there is no team of this name, and no rule for this value.
    """
    if not group:
        return NOTHING_SUPPOSED
    if group in {team.state["name"] for team in org.teams.values()}:
        return Supposed(teams=(group,))
    fitting = [rule for rule in rules.values() if rule.state["value"] == group]
    if not fitting:
        sentence = "Write the name of a team, or a value for which a mapping rule gives something."
        raise InvalidInputError("Nothing is known of this group.", ("unknown_group",), {"group": sentence})
    in_teams = [rule for rule in fitting if rule.state["team_id"] is not None]
    named = [(rule, org.team_name(rule.names("team_id"))) for rule in in_teams]
    return Supposed(
        teams=tuple(name for _, name in named if name),
        owner_of=tuple(name for rule, name in named if name and rule.state["role"] == OWNER),
        roles=tuple(
            (rule.state["role"], read_scope(rule.state["scope"]))
            for rule in fitting
            if rule.state["role"] not in {"owner", "member"}
        ),
    )
