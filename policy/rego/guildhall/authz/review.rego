# Separation of duties: who is asked to review a change. The requester never is.
package guildhall.authz

import data.guildhall.approval

my_groups contains concat(":", ["owner", team]) if {
	some team in input.subject.owner_of
	team == input.resource.team
}

my_groups contains "reviewer" if {
	some held in assignments
	held.role == "reviewer"
	covers(held.scope)
}

asked_groups contains group if {
	not is_requester
	input.resource.type == "access_request"
	input.context.change.requester != input.subject.id
	input.context.change.team == input.resource.team
	some entry in approval.required
	group := entry.group
	group in my_groups
}

already_reviewed if {
	input.action == "access_request.review"
	some review in input.context.change.reviews
	review.by == input.subject.id
}
