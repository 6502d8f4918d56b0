# The grounds on which an action may be allowed. No ground, no right.
package guildhall.authz

grounds contains ground if some ground in role_grounds

grounds contains ground if {
	visible
	some ground in open_grounds
}

# Grounds that hold whether or not the resource is hidden.
role_grounds contains concat(":", ["role", held.role]) if {
	some held in assignments
	input.action in data.guildhall.platform_roles[held.role]
	input.action != "access_request.review"
	covers(held.scope)
}

# Who may ask for a change is said by its kind; asking changes nothing yet.
role_grounds contains concat(":", ["role", held.role]) if {
	input.action == "change.create"
	input.subject.kind == "person"
	some held in assignments
	held.role in data.guildhall.changes[input.resource.kind].asks
	covers(held.scope)
}

role_grounds contains concat(":", ["owner", input.resource.team]) if {
	input.resource.team in input.subject.owner_of
	input.action in data.guildhall.team_roles.owner
	not input.action in {"access_request.create", "access_request.review"}
	within_delegation
}

# A team's owner manages ordinary membership that is kept by hand; owners, and what a directory keeps, are others'.
within_delegation if not input.action in data.guildhall.delegated

within_delegation if {
	input.subject.kind == "person"
	input.resource.role == "member"
	input.resource.managed_by == "manual"
}

role_grounds contains ground if {
	is_answer
	input.subject.kind == "person"
	is_asked
	some ground in asked_groups
}

# Whoever is asked, as a deputy or past its time too, may read what they are asked about.
role_grounds contains "asked" if {
	is_asked
	input.subject.kind == "person"
	input.action in {"access_request.read", "change.read"}
}

is_asked if some _ in asked_groups

# Whoever is asked to answer anew for an approval that went stale may let it be asked: it is there from then on.
role_grounds contains "asked" if {
	input.action == "change.create"
	input.resource.kind == "reapproval"
	input.subject.kind == "person"
	is_asked
}

# A deputy reads what the person they stand in for is asked about.
role_grounds contains "deputy" if {
	is_deputy
	input.action in {"access_request.read", "change.read"}
	answers_as_deputy
}

is_deputy if some _ in input.subject.deputy_for

answers_as_deputy if {
	input.action in data.guildhall.platform_roles.reviewer
	some one in input.subject.deputy_for
	some held in one.roles
	held.role == "reviewer"
	covers(held.scope)
}

answers_as_deputy if {
	input.action in data.guildhall.team_roles.owner
	some one in input.subject.deputy_for
	input.resource.team in one.owner_of
}

role_grounds contains "own" if {
	is_own
	input.action in data.guildhall.own
}

# A directory's credential does at the SCIM door what that door is for, and for itself only.
role_grounds contains "scim" if {
	input.resource.type == "scim"
	input.resource.id == input.subject.id
	input.subject.kind == "service"
	input.action in data.guildhall.scim
}

role_grounds contains "system" if {
	input.subject.kind == "system"
	input.subject.auth.method == "system"
	input.action in data.guildhall.system
}

# Grounds that need the resource to be visible.
open_grounds contains concat(":", ["member", input.resource.team]) if {
	in_team(input.resource.team)
	input.action in data.guildhall.team_roles.member
	input.action != "access_request.create"
}

open_grounds contains concat(":", ["member", input.resource.receiving_team]) if {
	input.action == "access_request.create"
	input.action in data.guildhall.team_roles.member
	input.subject.kind == "person"
	can_hide
	in_team(input.resource.receiving_team)
	within_receiving
}

# Whoever may make a service account's keys decides what it is to call, and who of the team is to call alone: an
# owner of the team. Everybody asks for the whole team, and for themselves.
within_receiving if {
	object.get(input.resource, "receiving_service", null) == null
	object.get(input.resource, "receiving_person", null) in {null, input.subject.id}
}

within_receiving if input.resource.receiving_team in input.subject.owner_of

open_grounds contains "visibility:listed" if {
	input.resource.visibility == "listed"
	input.subject.kind == "person"
	input.action in data.guildhall.listed
}

open_grounds contains "visibility:shared" if {
	input.resource.visibility == "shared"
	input.subject.kind == "person"
	input.action in data.guildhall.shared
}

open_grounds contains concat(":", ["grant", grant.id]) if {
	some grant in active_grants
	by_grant
}
