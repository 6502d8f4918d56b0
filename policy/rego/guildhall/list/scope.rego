# Which rows of a list the subject may see, as alternatives of conditions joined by "and".
# No alternative: no row. An alternative without conditions: every row.
package guildhall.list

import data.guildhall.authz

default scope := {"any": []}

scope := {"any": alternatives} if {
	input.v == 1
	authz.principal_known
	authz.within_token_scope
	authz.within_key
}

alternatives := [{"all": []}] if {
	reaches_all
} else := array.concat(array.concat(by_team, by_visibility), array.concat(by_grant, by_person))

reaches_all if {
	some held in authz.assignments
	input.action in data.guildhall.platform_roles[held.role]
	is_unbounded(held.scope)
}

reaches_all if {
	reads_as_deputy
	some held in reviewing_for
	held.scope == "all"
}

is_unbounded(scope) if scope == "all"

is_unbounded(scope) if {
	authz.some_team(scope)
	input.action in data.guildhall.scoping.platform_wide
}

# A deputy finds what the person they stand in for is asked about.
reads_as_deputy if {
	authz.is_deputy
	input.action in {"access_request.read", "change.read"}
}

reviewing_for contains held if {
	input.action in data.guildhall.platform_roles.reviewer
	some one in input.subject.deputy_for
	some held in one.roles
	held.role == "reviewer"
}

by_team := [{"all": [{"field": "team", "op": "in", "value": sort(teams)}]}] if {
	count(teams) > 0
} else := []

teams contains team if {
	some held in authz.assignments
	input.action in data.guildhall.platform_roles[held.role]
	is_array(held.scope)
	some team in held.scope
}

teams contains team if {
	reads_as_deputy
	some held in reviewing_for
	is_array(held.scope)
	some team in held.scope
}

teams contains team if {
	input.action in data.guildhall.team_roles.owner
	reads_as_deputy
	some one in input.subject.deputy_for
	some team in one.owner_of
}

teams contains team if {
	input.action in data.guildhall.team_roles.owner
	some team in input.subject.owner_of
}

teams contains team if {
	input.action in {"model.read", "team.read"}
	some team in input.subject.teams
}

by_visibility := [{"all": [{"field": "visibility", "op": "in", "value": ["listed", "shared"]}]}] if {
	input.action == "model.read"
	input.subject.kind == "person"
} else := []

by_grant := [{"all": [{"field": "id", "op": "in", "value": sort(granted)}]}] if {
	input.action == "model.read"
	count(granted) > 0
} else := []

granted contains grant.resource_id if {
	some grant in input.grants
	grant.permission == "model.invoke"
	authz.names_subject(grant)
	grant.starts <= authz.now
	authz.now < grant.ends
}

by_person := [{"all": [{"field": "person", "op": "eq", "value": input.subject.id}]}] if {
	input.action in {"access.explain", "access_request.read", "change.read", "self.read"}
} else := []
