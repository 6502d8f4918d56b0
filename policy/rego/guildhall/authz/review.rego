# Separation of duties: who is asked to review a change. Whoever asked for it never is, by whatever account.
package guildhall.authz

import data.guildhall.approval

change := input.context.change if input.context.change != null

my_groups contains concat(":", ["owner", team]) if some team in input.subject.owner_of

my_groups contains "reviewer" if {
	some held in assignments
	held.role == "reviewer"
	covers(held.scope)
}

# A deputy answers in the groups of whoever named them; never on what that person asked for or gains by.
deputised contains one if {
	some one in input.subject.deputy_for
	not one.id in approval.barred
}

my_groups contains concat(":", ["owner", team]) if {
	some one in deputised
	some team in one.owner_of
}

my_groups contains "reviewer" if {
	some one in deputised
	some held in one.roles
	held.role == "reviewer"
	covers(held.scope)
}

answers_changes if {
	input.resource.type == "access_request"
	input.action in {"access_request.read", "access_request.review"}
	change.team == input.resource.team
}

# What is kept of everybody belongs to no team: only a role without bounds answers for it.
answers_changes if {
	input.resource.type == "change"
	input.action in {"change.create", "change.read", "change.review"}
}

is_answer := input.action in data.guildhall.answering

asked_groups contains entry.group if {
	may_be_asked
	some entry in approval.required
	answers_for(entry.group)
}

may_be_asked if {
	answers_changes
	not input.subject.id in approval.barred
}

answers_for(group) if group in my_groups

# Past its time, the further groups of the plan answer in the stead of those that were asked.
answers_for(_) if {
	change.overdue == true
	some further in approval.clock.further
	further in my_groups
}

# Whom a change is about: who would gain by it, or be erased by it, does not answer.
is_party if {
	some party in change.parties
	party == input.subject.id
}

# The requester by another account, their deputy, or somebody who acts through the service account that asked.
is_self if {
	some person in object.get(change, "selves", [])
	person == input.subject.id
}

already_reviewed if {
	has_answered
	is_answer
}

has_answered if {
	some review in change.reviews
	review.by == input.subject.id
}

# A deputy has answered for them.
has_answered if {
	some review in change.reviews
	object.get(review, "for", null) == input.subject.id
}
