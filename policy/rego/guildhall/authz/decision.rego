# May the subject do the action on the resource? Denied unless every condition of `allow` holds.
package guildhall.authz

import data.guildhall.approval

decision := {
	"allow": allow,
	"reasons": reasons,
	"missing": missing,
	"obligations": obligations,
	"matched": matched,
	"valid_until": valid_until,
}

default allow := false

allow if {
	input.v == 1
	principal_known
	visible
	grounded
	not already_reviewed
	running
	within_token_scope
	within_key
	stepped_up
}

grounded if some _ in grounds

# Only calls need the route to run.
running if {
	input.resource.state == "active"
} else if {
	not is_call
}

is_call := input.action in data.guildhall.running

# The first objection is the one that is told; a stranger hears only that there is nothing.
reasons := [] if {
	allow
} else := ["unknown_version"] if {
	not known_version
} else := ["not_found"] if {
	not visible
} else := ["principal_unknown"] if {
	not principal_known
} else := no_ground if {
	not grounded
} else := ["already_reviewed"] if {
	already_reviewed
} else := ["route_stopped"] if {
	not running
} else := [concat(":", ["scope_missing", input.action])] if {
	not within_token_scope
} else := [concat(":", ["key_scope_missing", input.action])] if {
	not within_key_scope
} else := ["key_not_for_route"] if {
	not within_key
} else := ["step_up_required"]

known_version if input.v == 1

obligations := [{
	"type": "step_up",
	"max_age": data.guildhall.step_up_seconds,
	"acr": object.get(input.context, "allowed_acr", []),
}] if {
	reasons[0] == "step_up_required"
} else := []

matched := sort(grounds) if {
	allow
} else := []

# Refused for want of a grant, a caller learns who could give one; asked about a change, what it still needs.
missing := approval.requirement(input.resource.team, input.resource.tier, of_data_class) if {
	reasons[0] in {"no_grant", "grant_expired"}
} else := approval.missing if {
	input.resource.type in {"access_request", "change"}
	visible
} else := []

valid_until := input.subject.auth.auth_time + data.guildhall.step_up_seconds if {
	needs_step_up
	allow
} else := min(boundaries) if {
	some _ in boundaries
	by_grant
} else := null

of_data_class := object.get(data.guildhall.data_classes, object.get(input.resource, "data_class", ""), [])
