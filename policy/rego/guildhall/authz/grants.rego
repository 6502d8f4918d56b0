# Grants that name the subject or one of its teams, on the resource asked about.
package guildhall.authz

now := input.context.now

# What is asked about has to have an id: nobody holds a grant on a whole collection.
own_grants := [grant |
	asked := input.resource.id
	some grant in input.grants
	grant.permission == "model.invoke"
	reaches(grant, asked)
	names_subject(grant)
]

# A grant that names no resource is on whatever is asked about.
reaches(grant, asked) if {
	grant.resource_id == asked
} else if {
	not grant.resource_id
}

names_subject(grant) if {
	grant.principal_type == "team"
	in_team(grant.principal_id)
} else if {
	grant.principal_type == input.subject.kind
	grant.principal_id == input.subject.id
	grant.principal_type in {"person", "service"}
}

unended_grants := [grant |
	some grant in own_grants
	now < grant.ends
]

active_grants := [grant |
	some grant in unended_grants
	grant.starts <= now
]

has_expired_grant if {
	some grant in own_grants
	grant.ends <= now
}

# The next moments at which a grant makes the answer another one.
boundaries contains grant.ends if some grant in unended_grants

boundaries contains grant.starts if {
	some grant in own_grants
	now < grant.starts
}

by_grant := input.action in data.guildhall.granted
