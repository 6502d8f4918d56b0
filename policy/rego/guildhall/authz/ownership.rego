# What is the subject's own: its requests, its receipts, its sessions, itself.
package guildhall.authz

is_requester if {
	input.context.change.requester == input.subject.id
	input.resource.type in {"access_request", "change"}
}

is_own if {
	is_requester
	input.action in {"access_request.read", "access_request.withdraw", "change.read", "change.withdraw"}
}

is_own if {
	input.resource.person == input.subject.id
	is_for_its_person
}

# Everybody may know what they may do themselves, and why.
is_for_its_person if {
	input.action == "access.explain"
	input.resource.type == "access"
}

# A receipt goes to its caller; no other record does.
is_for_its_person if {
	input.action == "audit.read"
	input.resource.type == "receipt"
}

is_for_its_person if input.action in {"session.end", "session.read", "session.revoke"}

is_for_its_person if {
	input.action in {"key.create", "key.read", "key.revoke", "key.rotate"}
	input.resource.type == "key"
	input.subject.kind == "person"
}

is_for_its_person if {
	input.action in {"delegation.accept", "delegation.create", "delegation.end"}
	input.resource.type == "delegation"
	input.subject.kind == "person"
}

is_own if {
	input.action == "self.read"
	input.subject.kind in {"person", "service"}
	object.get(input.resource, "person", input.subject.id) == input.subject.id
	object.get(input.resource, "id", null) in {null, input.subject.id}
}
