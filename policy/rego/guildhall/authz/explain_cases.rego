# Who may look at who could do what, case by case. Each engine is asked with its own means: explain_test.rego asks OPA.
package guildhall.authz_explain_test

entrypoint := "guildhall/authz/decision"

asker(id, owner_of, roles) := {
	"id": id,
	"kind": "person",
	"teams": owner_of,
	"owner_of": owner_of,
	"roles": roles,
	"scopes": null,
	"auth": {"method": "session", "acr": null, "auth_time": null},
}

explained(subject, resource) := {
	"v": 1,
	"subject": subject,
	"action": "access.explain",
	"resource": resource,
	"grants": [],
	"context": {"now": 1797000000, "allowed_acr": [], "profile": "embedded", "change": null},
}

of(team, who) := {"type": "access", "id": "route-1", "team": team, "person": who}

everything := {"type": "access", "id": null}

cases := {
	"everybody looks at their own": {
		"input": explained(asker("member", [], []), of("risk", "member")),
		"expect": {"allow": true, "matched": ["own"]},
	},
	"nobody looks at another's": {
		"input": explained(asker("member", [], []), of("risk", "other")),
		"expect": {"allow": false, "reasons": ["role_missing:auditor", "role_missing:owner"]},
	},
	"an owner looks at what is the team's": {
		"input": explained(asker("owner", ["risk"], []), of("risk", "other")),
		"expect": {"allow": true, "matched": ["owner:risk"]},
	},
	"an owner looks at nothing of other teams": {
		"input": explained(asker("owner", ["risk"], []), of("health", "other")),
		"expect": {"allow": false},
	},
	"an auditor looks at everything": {
		"input": explained(asker("auditor", [], [{"role": "auditor", "scope": "all"}]), everything),
		"expect": {"allow": true, "matched": ["role:auditor"]},
	},
	"a scoped auditor looks at a list, which is cut to the scope": {
		"input": explained(asker("auditor", [], [{"role": "auditor", "scope": ["risk"]}]), everything),
		"expect": {"allow": true, "matched": ["role:auditor"]},
	},
	"a scoped auditor looks at nothing beside the scope": {
		"input": explained(asker("auditor", [], [{"role": "auditor", "scope": ["risk"]}]), of("health", "other")),
		"expect": {"allow": false, "reasons": ["out_of_scope:auditor", "role_missing:owner"]},
	},
	"an admin looks at nobody's by that role": {
		"input": explained(asker("admin", [], [{"role": "admin", "scope": "all"}]), everything),
		"expect": {"allow": false},
	},
}
