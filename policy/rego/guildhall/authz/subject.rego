# Who asks: a principal of a known kind, its teams and the role assignments that count.
package guildhall.authz

principal_known if {
	input.subject.kind in {"person", "service"}
	input.subject.auth.method in {"session", "bearer", "key"}
	input.subject.id != ""
} else if {
	input.subject.kind == "system"
	input.subject.auth.method == "system"
}

in_team(team) if {
	team in input.subject.teams
} else if {
	team in input.subject.owner_of
}

# Whoever runs the platform does not audit it: admin excludes auditor.
auditor_excluded if {
	some held in input.subject.roles
	held.role == "admin"
}

assignments contains held if {
	some held in input.subject.roles
	counts(held)
}

counts(held) if held.role != "auditor"

counts(held) if {
	held.role == "auditor"
	not auditor_excluded
}

# A credential with scopes carries only the actions they name.
within_token_scope if {
	input.subject.scopes == null
} else if {
	input.action in input.subject.scopes
}

# A key carries what its scopes name, of what programs may do at all, on the routes it is bound to if any.
within_key if {
	within_key_scope
	not by_key
} else if {
	within_key_scope
	on_key_route
}

within_key_scope if {
	not by_key
	not key_scoped
} else if {
	by_key
	input.action in data.guildhall.programs
	input.action in input.subject.key_scopes
}

by_key if input.subject.auth.method == "key"

key_scoped if input.subject.key_scopes != null

on_key_route if input.subject.key_routes == null

on_key_route if input.resource.name in input.subject.key_routes

needs_step_up := input.action in data.guildhall.step_up

stepped_up if {
	not needs_step_up
} else if {
	input.subject.auth.acr in input.context.allowed_acr
	is_number(input.subject.auth.auth_time)
	age := input.context.now - input.subject.auth.auth_time
	age <= data.guildhall.step_up_seconds
	age >= -30
}
