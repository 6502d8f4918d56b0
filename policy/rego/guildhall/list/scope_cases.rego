# Which rows a list shows, case by case.
package guildhall.list_test

entrypoint := "guildhall/list/scope"

somebody(teams, owner_of, roles) := {
	"id": "p",
	"kind": "person",
	"teams": teams,
	"owner_of": owner_of,
	"roles": roles,
	"scopes": null,
	"auth": {"method": "session", "acr": null, "auth_time": null},
}

list_of(subject, action, grants) := {
	"v": 1,
	"subject": subject,
	"action": action,
	"resource": {"type": "route"},
	"grants": grants,
	"context": {"now": 100},
}

granted_until(ends) := {
	"id": "g",
	"permission": "model.invoke",
	"principal_type": "team",
	"principal_id": "retail",
	"resource_id": "route-1",
	"starts": 0,
	"ends": ends,
}

granted_from(starts) := {
	"id": "g",
	"permission": "model.invoke",
	"principal_type": "team",
	"principal_id": "retail",
	"resource_id": "route-1",
	"starts": starts,
	"ends": 200,
}

stands_in_for(owner_of, roles) := {
	"id": "p",
	"kind": "person",
	"teams": [],
	"owner_of": [],
	"roles": [],
	"scopes": null,
	"auth": {"method": "session", "acr": null, "auth_time": null},
	"deputy_for": [{"id": "q", "owner_of": owner_of, "roles": roles}],
}

in_teams(teams) := {"all": [{"field": "team", "op": "in", "value": teams}]}

found := {"all": [{"field": "visibility", "op": "in", "value": ["listed", "shared"]}]}

granted := {"all": [{"field": "id", "op": "in", "value": ["route-1"]}]}

own := {"all": [{"field": "person", "op": "eq", "value": "p"}]}

limited := {
	"id": "p",
	"kind": "person",
	"teams": ["retail"],
	"owner_of": [],
	"roles": [],
	"scopes": ["model.invoke"],
	"auth": {"method": "bearer", "acr": null, "auth_time": null},
}

cases := {
	"nothing asked shows nothing": {
		"input": {},
		"expect": {"any": []},
	},
	"a member finds own, listed and granted": {
		"input": list_of(somebody(["retail"], [], []), "model.read", [granted_until(200)]),
		"expect": {"any": [in_teams(["retail"]), found, granted]},
	},
	"an ended grant shows nothing": {
		"input": list_of(somebody([], [], []), "model.read", [granted_until(100)]),
		"expect": {"any": [found]},
	},
	"a grant that ends now shows nothing, to whom it named either": {
		"input": list_of(somebody(["retail"], [], []), "model.read", [granted_until(100)]),
		"expect": {"any": [in_teams(["retail"]), found]},
	},
	"a grant shows from the second it begins": {
		"input": list_of(somebody(["retail"], [], []), "model.read", [granted_from(100)]),
		"expect": {"any": [in_teams(["retail"]), found, granted]},
	},
	"a grant shows nothing before": {
		"input": list_of(somebody(["retail"], [], []), "model.read", [granted_from(101)]),
		"expect": {"any": [in_teams(["retail"]), found]},
	},
	"a deputy of a reviewer finds every request": {
		"input": list_of(stands_in_for([], [{"role": "reviewer", "scope": "all"}]), "access_request.read", []),
		"expect": {"any": [{"all": []}]},
	},
	"a deputy of a reviewer of some teams finds theirs": {
		"input": list_of(stands_in_for([], [{"role": "reviewer", "scope": ["risk"]}]), "access_request.read", []),
		"expect": {"any": [in_teams(["risk"]), own]},
	},
	"a deputy of an owner finds what the owner does": {
		"input": list_of(stands_in_for(["risk"], []), "access_request.read", []),
		"expect": {"any": [in_teams(["risk"]), own]},
	},
	"a deputy of an auditor finds nothing by that": {
		"input": list_of(stands_in_for([], [{"role": "auditor", "scope": "all"}]), "access_request.read", []),
		"expect": {"any": [own]},
	},
	"a deputy of an auditor of some teams finds nothing by that": {
		"input": list_of(stands_in_for([], [{"role": "auditor", "scope": ["risk"]}]), "access_request.read", []),
		"expect": {"any": [own]},
	},
	"a deputy finds no models of those they stand in for": {
		"input": list_of(stands_in_for(["risk"], [{"role": "reviewer", "scope": "all"}]), "model.read", []),
		"expect": {"any": [found]},
	},
	"an admin finds every model": {
		"input": list_of(somebody([], [], [{"role": "admin", "scope": "all"}]), "model.read", []),
		"expect": {"any": [{"all": []}]},
	},
	"an unscoped auditor sees every event": {
		"input": list_of(somebody([], [], [{"role": "auditor", "scope": "all"}]), "audit.read", []),
		"expect": {"any": [{"all": []}]},
	},
	"a scoped auditor sees its teams": {
		"input": list_of(somebody([], [], [{"role": "auditor", "scope": ["vision", "risk"]}]), "audit.read", []),
		"expect": {"any": [in_teams(["risk", "vision"])]},
	},
	"a scoped auditor sees every cluster": {
		"input": list_of(somebody([], [], [{"role": "auditor", "scope": ["risk"]}]), "cluster.read", []),
		"expect": {"any": [{"all": []}]},
	},
	"a member sees no event": {
		"input": list_of(somebody(["retail"], [], []), "audit.read", []),
		"expect": {"any": []},
	},
	"an owner sees grants of own teams": {
		"input": list_of(somebody(["risk", "retail"], ["risk"], []), "grant.read", []),
		"expect": {"any": [in_teams(["risk"])]},
	},
	"requests are seen by who asked and who is asked": {
		"input": list_of(somebody([], ["risk"], [{"role": "reviewer", "scope": ["vision"]}]), "access_request.read", []),
		"expect": {"any": [in_teams(["risk", "vision"]), own]},
	},
	"an admin sees every change of what is kept": {
		"input": list_of(somebody([], [], [{"role": "admin", "scope": "all"}]), "change.read", []),
		"expect": {"any": [{"all": []}]},
	},
	"others see the changes they asked for": {
		"input": list_of(somebody(["risk"], ["risk"], []), "change.read", []),
		"expect": {"any": [own]},
	},
	"who could do what is seen by owners of the team and by oneself": {
		"input": list_of(somebody(["risk"], ["risk"], []), "access.explain", []),
		"expect": {"any": [in_teams(["risk"]), own]},
	},
	"a credential without the scope sees nothing": {
		"input": list_of(limited, "model.read", []),
		"expect": {"any": []},
	},
}
