# Grants that name the subject or one of its teams, on the resource asked about.
package guildhall.authz

now := input.context.now

own_grants contains grant if {
	some grant in input.grants
	grant.permission == "model.invoke"
	names_subject(grant)
	object.get(grant, "resource_id", input.resource.id) == input.resource.id
}

names_subject(grant) if {
	grant.principal_type in {"person", "service"}
	grant.principal_type == input.subject.kind
	grant.principal_id == input.subject.id
}

names_subject(grant) if {
	grant.principal_type == "team"
	grant.principal_id in teams
}

active_grants contains grant if {
	some grant in own_grants
	grant.starts <= now
	now < grant.ends
}

expired_grants contains grant if {
	some grant in own_grants
	grant.ends <= now
}

# The next moments at which a grant makes the answer another one.
boundaries contains grant.ends if {
	some grant in own_grants
	now < grant.ends
}

boundaries contains grant.starts if {
	some grant in own_grants
	now < grant.starts
}
