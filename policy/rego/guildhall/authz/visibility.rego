# Who may know that a resource exists. Hidden: its team, grantees, admins, auditors, and whoever has a ground to act.
package guildhall.authz

# Of these a stranger hears only that there is nothing.
can_hide := input.resource.type in {"model", "route", "version"}

default visible := false

visible if {
	input.resource.visibility in {"listed", "shared"}
	may_look
} else if {
	object.get(input.resource, "visibility", "") == ""
	not can_hide
} else if {
	in_team(input.resource.team)
} else if {
	some _ in active_grants
} else if {
	some held in assignments
	held.role in {"admin", "auditor"}
	covers(held.scope)
} else if {
	is_requester
} else if {
	some _ in role_grounds
}

may_look if input.subject.kind == "person"

may_look if not can_hide
