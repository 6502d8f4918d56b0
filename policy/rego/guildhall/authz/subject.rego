# Who asks: a principal of a known kind, its teams and the role assignments that count.
package guildhall.authz

principal_known if {
	input.subject.kind in {"person", "service"}
	input.subject.auth.method in {"session", "bearer", "key"}
	input.subject.id != ""
}

principal_known if {
	input.subject.kind == "system"
	input.subject.auth.method == "system"
}

teams contains team if some team in input.subject.teams

teams contains team if some team in input.subject.owner_of

# Whoever runs the platform does not audit it: admin excludes auditor.
auditor_excluded if {
	some held in input.subject.roles
	held.role == "admin"
}

assignments contains held if {
	some held in input.subject.roles
	held.role != "auditor"
}

assignments contains held if {
	some held in input.subject.roles
	held.role == "auditor"
	not auditor_excluded
}

# A credential with scopes carries only the actions they name.
within_token_scope if input.subject.scopes == null

within_token_scope if input.action in input.subject.scopes

# A key carries what its scopes name, of what programs may do at all, on the routes it is bound to if any.
within_key if {
	within_key_scope
	input.subject.auth.method != "key"
}

within_key if {
	within_key_scope
	on_key_route
}

within_key_scope if {
	input.subject.auth.method != "key"
	object.get(input.subject, "key_scopes", null) == null
}

within_key_scope if {
	input.subject.auth.method == "key"
	input.action in data.guildhall.programs
	input.action in input.subject.key_scopes
}

on_key_route if input.subject.key_routes == null

on_key_route if input.resource.name in input.subject.key_routes

stepped_up if not input.action in data.guildhall.step_up

stepped_up if {
	input.subject.auth.acr in input.context.allowed_acr
	is_number(input.subject.auth.auth_time)
	age := input.context.now - input.subject.auth.auth_time
	age <= data.guildhall.step_up_seconds
	age >= -30
}
