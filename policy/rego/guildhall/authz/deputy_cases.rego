# What a deputy, an account of the requester and a further group may answer, and what they may not.
package guildhall.authz_deputy_test

entrypoint := "guildhall/authz/decision"

now := 1797000000

stands_for(id, deputy_for) := {
	"id": id,
	"kind": "person",
	"teams": [],
	"owner_of": [],
	"roles": [],
	"scopes": null,
	"auth": {"method": "session", "acr": "gold", "auth_time": now - 10},
	"deputy_for": deputy_for,
}

owner := {"id": "owner", "owner_of": ["risk"], "roles": []}

reviewer := {"id": "reviewer", "owner_of": [], "roles": [{"role": "reviewer", "scope": "all"}]}

elsewhere := {"id": "elsewhere", "owner_of": [], "roles": [{"role": "reviewer", "scope": ["vision"]}]}

admin := {"id": "admin", "owner_of": [], "roles": [{"role": "admin", "scope": "all"}]}

holding(id, owner_of, roles) := {
	"id": id,
	"kind": "person",
	"teams": owner_of,
	"owner_of": owner_of,
	"roles": roles,
	"scopes": null,
	"auth": {"method": "session", "acr": "gold", "auth_time": now - 10},
}

signed_in_at(auth_time) := {
	"id": "owner",
	"kind": "person",
	"teams": ["risk"],
	"owner_of": ["risk"],
	"roles": [],
	"scopes": null,
	"auth": {"method": "session", "acr": "gold", "auth_time": auth_time},
}

about_access(subject, action, requester, selves, overdue, reviews) := {
	"v": 1,
	"subject": subject,
	"action": action,
	"resource": {
		"type": "access_request",
		"id": "change-1",
		"team": "risk",
		"visibility": "hidden",
		"tier": "low",
		"data_class": "internal",
		"state": "active",
	},
	"grants": [],
	"context": {"now": now, "allowed_acr": ["gold"], "profile": "embedded", "change": {
		"id": "change-1",
		"kind": "access",
		"requester": requester,
		"selves": selves,
		"overdue": overdue,
		"tier": "low",
		"data_class": "internal",
		"team": "risk",
		"receiving_team": "retail",
		"parties": ["gainer"],
		"reviews": reviews,
	}},
}

answering(subject, requester, selves) := about_access(subject, "access_request.review", requester, selves, false, [])

read(subject) := about_access(subject, "access_request.read", "member", [], false, [])

late(subject, overdue) := about_access(subject, "access_request.review", "member", [], overdue, [])

nothing(subject, action) := {
	"v": 1,
	"subject": subject,
	"action": action,
	"resource": {"type": "retention", "id": null},
	"grants": [],
	"context": {"now": now, "allowed_acr": ["gold"], "profile": "embedded", "change": null},
}

reading(subject, resource) := {
	"v": 1,
	"subject": subject,
	"action": "access_request.read",
	"resource": resource,
	"grants": [],
	"context": {"now": now, "allowed_acr": ["gold"], "profile": "embedded", "change": null},
}

requests := {"type": "access_request", "id": null}

of_risk := {"type": "access_request", "id": "change-1", "team": "risk"}

delegating(subject, resource) := {
	"v": 1,
	"subject": subject,
	"action": "delegation.create",
	"resource": resource,
	"grants": [],
	"context": {"now": now, "allowed_acr": ["gold"], "profile": "embedded", "change": null},
}

account := {
	"id": "account",
	"kind": "service",
	"teams": [],
	"owner_of": [],
	"roles": [],
	"scopes": null,
	"auth": {"method": "bearer", "acr": null, "auth_time": null},
}

by_reviewer := holding("r", [], [{"role": "reviewer", "scope": "all"}])

cases := {
	"a deputy of the owner answers as the owner": {
		"input": answering(stands_for("deputy", [owner]), "member", []),
		"expect": {"allow": true, "matched": ["owner:risk"]},
	},
	"a deputy of owner and reviewer is asked as either": {
		"input": answering(stands_for("deputy", [owner, reviewer]), "member", []),
		"expect": {"allow": true, "matched": ["owner:risk", "reviewer"]},
	},
	"a deputy of a reviewer elsewhere is not asked": {
		"input": answering(stands_for("deputy", [elsewhere]), "member", []),
		"expect": {"allow": false, "reasons": ["not_found"]},
	},
	"the provider's clock may be half a minute ahead": {
		"input": answering(signed_in_at(now + 30), "member", []),
		"expect": {"allow": true},
	},
	"and no more than that": {
		"input": answering(signed_in_at(now + 31), "member", []),
		"expect": {"allow": false, "reasons": ["step_up_required"]},
	},
	"a deputy's own request": {
		"input": answering(stands_for("deputy", [owner]), "deputy", ["owner"]),
		"expect": {"allow": false, "reasons": ["requester_may_not_decide"]},
	},
	"a deputy of the requester, as reviewer of their own": {
		"input": answering(holding("deputy", [], [{"role": "reviewer", "scope": "all"}]), "owner", ["deputy"]),
		"expect": {"allow": false, "reasons": ["not_found"]},
	},
	"a deputy does not answer for the requester": {
		"input": answering(stands_for("deputy", [owner]), "owner", []),
		"expect": {"allow": false},
	},
	"a deputy does not answer for whoever would gain": {
		"input": answering(stands_for("deputy", [{"id": "gainer", "owner_of": ["risk"], "roles": []}]), "member", []),
		"expect": {"allow": false},
	},
	"whoever would gain does not answer": {
		"input": answering(holding("gainer", ["risk"], []), "member", []),
		"expect": {"allow": false, "reasons": ["party_may_not_decide"]},
	},
	"another account of the requester does not answer": {
		"input": answering(holding("twin", ["risk"], []), "member", ["twin"]),
		"expect": {"allow": false, "reasons": ["requester_may_not_decide"]},
	},
	"whom a deputy has answered for has answered": {
		"input": about_access(
			holding("owner", ["risk"], []), "access_request.review", "member", [], false,
			[{"by": "deputy", "for": "owner", "decision": "approve", "groups": ["owner:risk"]}],
		),
		"expect": {"allow": false, "reasons": ["already_reviewed"]},
	},
	"a deputy's answer fills the owner's place": {
		"input": about_access(
			by_reviewer, "access_request.review", "member", [], false,
			[{"by": "deputy", "for": "owner", "decision": "approve", "groups": ["owner:risk"]}],
		),
		"expect": {"allow": true, "missing": [{"group": "reviewer", "count": 1}]},
	},
	"what a deputy answered for the requester counts for nothing": {
		"input": about_access(
			by_reviewer, "access_request.review", "owner", [], false,
			[{"by": "deputy", "for": "owner", "decision": "approve", "groups": ["owner:risk"]}],
		),
		"expect": {"missing": [{"group": "owner:risk", "count": 1}, {"group": "reviewer", "count": 1}]},
	},
	"a deputy reads what is asked": {
		"input": read(stands_for("deputy", [owner])),
		"expect": {"allow": true},
	},
	"a deputy of a reviewer reads the list of requests": {
		"input": reading(stands_for("deputy", [reviewer]), requests),
		"expect": {"allow": true, "matched": ["deputy"]},
	},
	"a deputy of an admin does not": {
		"input": reading(stands_for("deputy", [admin]), requests),
		"expect": {"allow": false},
	},
	"a deputy of a reviewer elsewhere reads nothing of risk": {
		"input": reading(stands_for("deputy", [elsewhere]), of_risk),
		"expect": {"allow": false},
	},
	"a deputy of an owner reads what is the team's": {
		"input": reading(stands_for("deputy", [owner]), of_risk),
		"expect": {"allow": true, "matched": ["deputy"]},
	},
	"somebody names their own deputy": {
		"input": delegating(holding("owner", ["risk"], []), {"type": "delegation", "id": null, "person": "owner"}),
		"expect": {"allow": true, "matched": ["own"]},
	},
	"nobody names another's deputy": {
		"input": delegating(holding("owner", ["risk"], []), {"type": "delegation", "id": null, "person": "other"}),
		"expect": {"allow": false},
	},
	"a delegation is no other thing of one's own": {
		"input": delegating(holding("owner", ["risk"], []), {"type": "session", "id": null, "person": "owner"}),
		"expect": {"allow": false},
	},
	"a service account has no deputy": {
		"input": delegating(account, {"type": "delegation", "id": null, "person": "account"}),
		"expect": {"allow": false},
	},
	"a stranger does not": {
		"input": read(stands_for("deputy", [])),
		"expect": {"allow": false, "reasons": ["not_found"]},
	},
	"a deputy of an admin does not change what is kept": {
		"input": nothing(stands_for("deputy", [admin]), "sink.update"),
		"expect": {"allow": false},
	},
	"the further group is not asked in time": {
		"input": late(holding("r", [], [{"role": "reviewer", "scope": "all"}]), false),
		"expect": {"allow": true, "matched": ["reviewer"]},
	},
	"past its time the further group answers in the owner's stead": {
		"input": late(holding("r", [], [{"role": "reviewer", "scope": "all"}]), true),
		"expect": {"allow": true, "matched": ["owner:risk", "reviewer"]},
	},
	"past its time a stranger is not asked": {
		"input": late(holding("s", ["vision"], []), true),
		"expect": {"allow": false},
	},
	"a key does not answer": {
		"input": answering(
			object_with_key(holding("owner", ["risk"], [])),
			"member", [],
		),
		"expect": {"allow": false},
	},
}

object_with_key(subject) := {
	"id": subject.id,
	"kind": "person",
	"teams": subject.teams,
	"owner_of": subject.owner_of,
	"roles": [],
	"scopes": null,
	"auth": {"method": "key", "acr": null, "auth_time": null},
	"key_scopes": ["model.read"],
	"key_routes": null,
}
