# Why there is no ground, as stable codes.
package guildhall.authz

no_ground := ["grant_expired"] if {
	is_call
	has_expired_grant
} else := ["no_grant"] if {
	is_call
} else := ["only_owner_asks_for_others"] if {
	input.action == "access_request.create"
	in_team(input.resource.receiving_team)
	object.get(input.resource, "receiving_service", null) == null
	not within_receiving
} else := ["only_owner_asks_for_service"] if {
	input.action == "access_request.create"
	in_team(input.resource.receiving_team)
	not within_receiving
} else := ["not_in_receiving_team"] if {
	input.action == "access_request.create"
} else := ["requester_may_not_decide"] if {
	is_answer
	is_requester
} else := ["requester_may_not_decide"] if {
	is_answer
	is_self
} else := ["party_may_not_decide"] if {
	is_answer
	is_party
} else := ["not_asked_to_review"] if {
	is_answer
} else := ["may_not_ask"] if {
	input.action == "change.create"
} else := ["only_requester_may_withdraw"] if {
	input.action in {"access_request.withdraw", "change.withdraw"}
} else := ["not_yours"] if {
	input.action in {"self.read", "session.end"}
} else := ["ordinary_membership_only"] if {
	input.action in data.guildhall.delegated
	input.resource.team in input.subject.owner_of
} else := sort(role_reasons) if {
	some _ in role_reasons
} else := ["not_permitted"]

role_reasons contains concat(":", [lack, role]) if {
	some role, actions in data.guildhall.platform_roles
	input.action in actions
	lack := lack_of(role)
}

lack_of(role) := "out_of_scope" if {
	role in held_roles
} else := "role_missing"

role_reasons contains "role_missing:owner" if input.action in data.guildhall.team_roles.owner

role_reasons contains "admin_excludes_auditor" if {
	auditor_excluded
	assigned_auditor
	input.action in data.guildhall.platform_roles.auditor
}

assigned_auditor if {
	some held in input.subject.roles
	held.role == "auditor"
}

held_roles contains held.role if some held in assignments
