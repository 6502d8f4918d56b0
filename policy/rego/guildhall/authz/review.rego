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
	input.action == "access_request.review"
	input.resource.type == "access_request"
	input.context.change.requester != input.subject.id
	input.context.change.team == input.resource.team
	some entry in approval.required
	group := entry.group
	group in my_groups
}

# What is kept of everybody belongs to no team: only a role without bounds answers for it.
asked_groups contains group if {
	not is_requester
	not is_party
	input.action == "change.review"
	input.resource.type == "change"
	input.context.change.requester != input.subject.id
	some entry in approval.required
	group := entry.group
	group in my_groups
}

# Whom a change is about: who would gain by it, or be erased by it, does not answer.
is_party if {
	some party in input.context.change.parties
	party == input.subject.id
}

already_reviewed if {
	input.action in data.guildhall.answering
	some review in input.context.change.reviews
	review.by == input.subject.id
}
