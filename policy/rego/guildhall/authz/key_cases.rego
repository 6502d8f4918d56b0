# What keys and service accounts may do, case by case.
package guildhall.authz_keys_test

entrypoint := "guildhall/authz/decision"

now := 1797000000

key_person(id, teams, owner_of, roles) := {
	"id": id,
	"kind": "person",
	"teams": teams,
	"owner_of": owner_of,
	"roles": roles,
	"scopes": null,
	"auth": {"method": "session", "acr": "gold", "auth_time": now - 10},
}

member := key_person("member", ["retail"], [], [])

owner := key_person("owner", ["risk"], ["risk"], [])

admin := key_person("admin", [], [], [{"role": "admin", "scope": "all"}])

by_key(scopes, routes) := {
	"id": "member",
	"kind": "person",
	"teams": ["retail", "risk"],
	"owner_of": ["risk"],
	"roles": [{"role": "reviewer", "scope": "all"}],
	"scopes": null,
	"auth": {"method": "key", "acr": null, "auth_time": null},
	"key_scopes": scopes,
	"key_routes": routes,
}

stray := {
	"id": "member",
	"kind": "person",
	"teams": ["retail"],
	"owner_of": [],
	"roles": [],
	"scopes": null,
	"auth": {"method": "session", "acr": "gold", "auth_time": now - 10},
	"key_scopes": ["model.invoke"],
}

service := {
	"id": "service-1",
	"kind": "service",
	"teams": [],
	"owner_of": [],
	"roles": [],
	"scopes": null,
	"auth": {"method": "key", "acr": null, "auth_time": null},
	"key_scopes": ["model.invoke"],
	"key_routes": null,
}

key_route(visibility) := {
	"type": "route",
	"id": "route-1",
	"name": "risk.credit-default",
	"team": "risk",
	"visibility": visibility,
	"tier": "medium",
	"data_class": "personal",
	"state": "active",
}

listed := key_route("listed")

access_request := {
	"type": "access_request",
	"id": "change-1",
	"team": "risk",
	"visibility": "listed",
	"tier": "medium",
	"data_class": "personal",
	"state": "active",
}

own_key := {"type": "key", "id": "key-1", "person": "member"}

key_of_another := {"type": "key", "id": "key-2", "person": "owner"}

service_key := {"type": "key", "id": "key-3", "person": "service-1", "team": "risk"}

key_grant(id, principal_type, principal_id) := {
	"id": id,
	"permission": "model.invoke",
	"principal_type": principal_type,
	"principal_id": principal_id,
	"resource_id": "route-1",
	"starts": now - 5,
	"ends": now + 60,
}

active := key_grant("grant-1", "team", "retail")

service_grant := key_grant("grant-2", "service", "service-1")

key_question(subject, action, resource, grants) := {
	"v": 1,
	"subject": subject,
	"action": action,
	"resource": resource,
	"grants": grants,
	"context": {"now": now, "allowed_acr": ["gold"], "profile": "embedded", "change": {
		"id": "change-1",
		"kind": "access",
		"requester": "other",
		"tier": "medium",
		"team": "risk",
		"receiving_team": "retail",
		"reviews": [],
	}},
}

cases := {
	"a key calls what its owner may call": {
		"input": key_question(by_key(["model.invoke"], null), "model.invoke", listed, [active]),
		"expect": {"allow": true, "matched": ["grant:grant-1"]},
	},
	"a key calls nothing its owner may not call": {
		"input": key_question(by_key(["model.invoke"], null), "model.invoke", listed, []),
		"expect": {"allow": false, "reasons": ["no_grant"]},
	},
	"a key does nothing that its scopes do not name": {
		"input": key_question(by_key(["model.describe"], null), "model.invoke", listed, [active]),
		"expect": {"allow": false, "reasons": ["key_scope_missing:model.invoke"]},
	},
	"a key without scopes does nothing": {
		"input": key_question(by_key([], null), "model.invoke", listed, [active]),
		"expect": {"allow": false, "reasons": ["key_scope_missing:model.invoke"]},
	},
	"a key of one route calls that route": {
		"input": key_question(by_key(["model.invoke"], ["risk.credit-default"]), "model.invoke", listed, [active]),
		"expect": {"allow": true},
	},
	"a key of one route calls no other": {
		"input": key_question(by_key(["model.invoke"], ["risk.other"]), "model.invoke", listed, [active]),
		"expect": {"allow": false, "reasons": ["key_not_for_route"]},
	},
	"a key answers no request, whatever its scopes say": {
		"input": key_question(by_key(["access_request.review"], null), "access_request.review", access_request, []),
		"expect": {"allow": false, "reasons": ["key_scope_missing:access_request.review"], "obligations": []},
	},
	"a key makes no key, whatever its scopes say": {
		"input": key_question(by_key(["key.create"], null), "key.create", own_key, []),
		"expect": {"allow": false, "reasons": ["key_scope_missing:key.create"]},
	},
	"scopes of a key do not come with a session": {
		"input": key_question(stray, "model.invoke", listed, [active]),
		"expect": {"allow": false, "reasons": ["key_scope_missing:model.invoke"]},
	},
	"a person looks after their own keys": {
		"input": key_question(member, "key.rotate", own_key, []),
		"expect": {"allow": true, "matched": ["own"]},
	},
	"nobody makes a key for somebody else": {
		"input": key_question(member, "key.create", key_of_another, []),
		"expect": {"allow": false},
	},
	"an admin revokes anybody's key": {
		"input": key_question(admin, "key.revoke", key_of_another, []),
		"expect": {"allow": true, "matched": ["role:admin"]},
	},
	"an admin makes nobody a key": {
		"input": key_question(admin, "key.create", key_of_another, []),
		"expect": {"allow": false},
	},
	"a team's owner makes keys for its service": {
		"input": key_question(owner, "key.create", service_key, []),
		"expect": {"allow": true, "matched": ["owner:risk"]},
	},
	"a member of another team makes none": {
		"input": key_question(member, "key.create", service_key, []),
		"expect": {"allow": false},
	},
	"a service calls by its own grant": {
		"input": key_question(service, "model.invoke", key_route("hidden"), [service_grant]),
		"expect": {"allow": true, "matched": ["grant:grant-2"]},
	},
	"a service does not call by its team's grant": {
		"input": key_question(service, "model.invoke", listed, [active]),
		"expect": {"allow": false},
	},
	"a service answers no request": {
		"input": key_question(service, "access_request.review", access_request, []),
		"expect": {"allow": false},
	},
}
