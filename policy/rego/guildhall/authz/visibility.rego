# Who may know that a resource exists. Hidden: its team, grantees, admins, auditors, and whoever has a ground to act.
package guildhall.authz

hideable := {"model", "route", "version"}

visible if {
	input.resource.visibility in {"listed", "shared"}
	input.subject.kind == "person"
}

visible if {
	not input.resource.type in hideable
	object.get(input.resource, "visibility", "") == ""
}

visible if {
	not input.resource.type in hideable
	input.resource.visibility in {"listed", "shared"}
}

visible if input.resource.team in teams

visible if count(active_grants) > 0

visible if {
	some held in assignments
	held.role in {"admin", "auditor"}
	covers(held.scope)
}

visible if is_requester

visible if count(role_grounds) > 0
