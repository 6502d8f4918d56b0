# When a grant counts, to the second, and until when an answer stays the same.
package guildhall.authz_call_test

entrypoint := "guildhall/authz/decision"

held(id, starts, ends) := {
	"id": id,
	"permission": "model.invoke",
	"principal_type": "person",
	"principal_id": "caller",
	"resource_id": "route-1",
	"starts": starts,
	"ends": ends,
}

of_team := {
	"id": "t",
	"permission": "model.invoke",
	"principal_type": "team",
	"principal_id": "retail",
	"resource_id": "route-1",
	"starts": 900,
	"ends": 1100,
}

calls(grants) := calls_as([], grants)

calls_as(owner_of, grants) := {
	"v": 1,
	"subject": {
		"id": "caller",
		"kind": "person",
		"teams": [],
		"owner_of": owner_of,
		"roles": [],
		"scopes": null,
		"auth": {"method": "bearer", "acr": null, "auth_time": null},
	},
	"action": "model.invoke",
	"resource": {
		"type": "route",
		"id": "route-1",
		"name": "risk.m",
		"team": "risk",
		"visibility": "listed",
		"tier": "low",
		"data_class": "public",
		"state": "active",
	},
	"grants": grants,
	"context": {"now": 1000, "allowed_acr": [], "profile": "production", "change": null},
}

cases := {
	"a grant of a team that is owned counts, member or not": {
		"input": calls_as(["retail"], [of_team]),
		"expect": {"allow": true, "matched": ["grant:t"]},
	},
	"a grant of another team does not": {
		"input": calls_as(["risk"], [of_team]),
		"expect": {"allow": false, "reasons": ["no_grant"]},
	},
	"a grant counts from its first second": {
		"input": calls([held("g", 1000, 2000)]),
		"expect": {"allow": true, "matched": ["grant:g"], "valid_until": 2000},
	},
	"and not a second before": {
		"input": calls([held("g", 1001, 2000)]),
		"expect": {"allow": false, "reasons": ["no_grant"], "valid_until": 1001},
	},
	"at its last second it has ended": {
		"input": calls([held("g", 1, 1000)]),
		"expect": {"allow": false, "reasons": ["grant_expired"], "valid_until": null},
	},
	"of two grants the one that ends first says until when": {
		"input": calls([held("a", 1, 3000), held("b", 1, 2000)]),
		"expect": {"allow": true, "matched": ["grant:a", "grant:b"], "valid_until": 2000},
	},
	"one that has ended says nothing of it": {
		"input": calls([held("a", 1, 3000), held("b", 1, 1000)]),
		"expect": {"allow": true, "matched": ["grant:a"], "valid_until": 3000},
	},
	"one that begins earlier than another ends does": {
		"input": calls([held("a", 1, 3000), held("b", 1500, 4000)]),
		"expect": {"allow": true, "valid_until": 1500},
	},
}
