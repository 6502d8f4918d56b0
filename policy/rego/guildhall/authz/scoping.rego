# How far a platform role reaches: everything, or what belongs to a list of teams.
package guildhall.authz

covers(scope) if {
	scope == "all"
} else if {
	is_array(scope)
	input.resource.team in scope
} else if {
	some_team(scope)
	covers_some
}

covers_some if input.action in data.guildhall.scoping.platform_wide

# Asked of a whole collection: the list itself is then filtered by guildhall.list.scope.
covers_some if {
	object.get(input.resource, "id", null) == null
	object.get(input.resource, "team", null) == null
	input.action in data.guildhall.scoping.filtered
}

# Entry bundles hold everybody's heads; checkpoints and hash tiles hold nobody's.
covers_some if {
	input.action == "log.read"
	input.resource.part in data.guildhall.scoping.log_parts
}

some_team(scope) if {
	is_array(scope)
	count(scope) > 0
}
