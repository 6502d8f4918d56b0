# What the decision answers, case by case. Each engine is asked with its own means: decision_test.rego asks OPA.
package guildhall.authz_test

entrypoint := "guildhall/authz/decision"

now := 1797000000

person(id, teams, owner_of, roles) := {
	"id": id,
	"kind": "person",
	"teams": teams,
	"owner_of": owner_of,
	"roles": roles,
	"scopes": null,
	"auth": {"method": "session", "acr": "gold", "auth_time": now - 10},
}

member := person("member", ["retail"], [], [])

owner := person("owner", ["risk"], ["risk"], [])

reviewer := person("reviewer", [], [], [{"role": "reviewer", "scope": "all"}])

admin := person("admin", [], [], [{"role": "admin", "scope": "all"}])

route(visibility, state) := {
	"type": "route",
	"id": "route-1",
	"name": "risk.credit-default",
	"team": "risk",
	"visibility": visibility,
	"tier": "medium",
	"data_class": "personal",
	"state": state,
	"receiving_team": "retail",
}

access_request := {
	"type": "access_request",
	"id": "change-1",
	"team": "risk",
	"visibility": "listed",
	"tier": "medium",
	"data_class": "personal",
	"state": "active",
}

membership(team, role, managed_by) := {
	"type": "membership",
	"id": null,
	"team": team,
	"role": role,
	"managed_by": managed_by,
}

change := {
	"id": "change-1",
	"kind": "access",
	"requester": "member",
	"tier": "medium",
	"team": "risk",
	"receiving_team": "retail",
	"reviews": [],
}

grant(starts, ends) := {
	"id": "grant-1",
	"permission": "model.invoke",
	"principal_type": "team",
	"principal_id": "retail",
	"resource_id": "route-1",
	"starts": starts,
	"ends": ends,
}

question(subject, action, resource, grants) := {
	"v": 1,
	"subject": subject,
	"action": action,
	"resource": resource,
	"grants": grants,
	"context": {"now": now, "allowed_acr": ["gold"], "profile": "embedded", "change": change},
}

change_of_owner := {
	"id": "change-1",
	"kind": "access",
	"requester": "owner",
	"tier": "medium",
	"team": "risk",
	"receiving_team": "risk",
	"reviews": [],
}

old_sign_in := {
	"id": "owner",
	"kind": "person",
	"teams": ["risk"],
	"owner_of": ["risk"],
	"roles": [],
	"scopes": null,
	"auth": {"method": "session", "acr": "gold", "auth_time": now - 301},
}

both := person("both", [], [], [{"role": "admin", "scope": "all"}, {"role": "auditor", "scope": "all"}])

reviewer_here := person("here", [], [], [{"role": "reviewer", "scope": ["risk"]}])

reviewer_there := person("there", [], [], [{"role": "reviewer", "scope": ["vision"]}])

active := grant(now - 5, now + 60)

ended := grant(now - 5, now)

listed := route("listed", "active")

needed := [{"group": "owner:risk", "count": 1}, {"group": "reviewer", "count": 1}]

auditor := person("auditor", [], [], [{"role": "auditor", "scope": "all"}])

erased := person("erased", [], [], [{"role": "reviewer", "scope": "all"}])

erasure := {"type": "change", "id": "change-2", "kind": "erasure"}

kept(subject, action, resource, reviews) := {
	"v": 1,
	"subject": subject,
	"action": action,
	"resource": resource,
	"grants": [],
	"context": {"now": now, "allowed_acr": ["gold"], "profile": "embedded", "change": {
		"id": "change-2",
		"kind": "erasure",
		"requester": "admin",
		"content_hash": "h",
		"parties": ["erased"],
		"reviews": reviews,
	}},
}

cases := {
	"nothing asked is refused": {
		"input": {},
		"expect": {"allow": false},
	},
	"an unknown document version is refused": {
		"input": {"v": 2},
		"expect": {"allow": false, "reasons": ["unknown_version"]},
	},
	"a member without a grant hears who could give one": {
		"input": question(member, "model.invoke", listed, []),
		"expect": {"allow": false, "reasons": ["no_grant"], "missing": needed},
	},
	"a member with a grant calls until it ends": {
		"input": question(member, "model.invoke", listed, [active]),
		"expect": {"allow": true, "matched": ["grant:grant-1"], "valid_until": now + 60},
	},
	"a grant ends": {
		"input": question(member, "model.invoke", listed, [ended]),
		"expect": {"allow": false, "reasons": ["grant_expired"]},
	},
	"a stopped route answers nobody": {
		"input": question(member, "model.invoke", route("shared", "stopped"), [active]),
		"expect": {"allow": false, "reasons": ["route_stopped"]},
	},
	"a stranger hears that there is nothing": {
		"input": question(member, "model.invoke", route("hidden", "active"), []),
		"expect": {"allow": false, "reasons": ["not_found"], "missing": []},
	},
	"everybody calls what is shared": {
		"input": question(member, "model.invoke", route("shared", "active"), []),
		"expect": {"allow": true, "matched": ["visibility:shared"]},
	},
	"owning gives no right to call": {
		"input": question(owner, "model.invoke", listed, []),
		"expect": {"allow": false, "reasons": ["no_grant"]},
	},
	"an owner puts somebody into the own team": {
		"input": question(owner, "membership.create", membership("risk", "member", "manual"), []),
		"expect": {"allow": true, "matched": ["owner:risk"]},
	},
	"an owner makes no further owner": {
		"input": question(owner, "membership.create", membership("risk", "owner", "manual"), []),
		"expect": {"allow": false, "reasons": ["ordinary_membership_only"]},
	},
	"an owner leaves alone what a directory keeps": {
		"input": question(owner, "membership.remove", membership("risk", "member", "scim"), []),
		"expect": {"allow": false, "reasons": ["ordinary_membership_only"]},
	},
	"an owner manages no other team": {
		"input": question(owner, "membership.create", membership("retail", "member", "manual"), []),
		"expect": {"allow": false, "reasons": ["role_missing:admin", "role_missing:owner"]},
	},
	"a member manages nobody": {
		"input": question(member, "membership.create", membership("retail", "member", "manual"), []),
		"expect": {"allow": false, "reasons": ["role_missing:admin", "role_missing:owner"]},
	},
	"an admin manages every team": {
		"input": question(admin, "membership.remove", membership("risk", "owner", "manual"), []),
		"expect": {"allow": true, "matched": ["role:admin"]},
	},
	"an admin of some teams manages no other": {
		"input": question(
			person("admin", [], [], [{"role": "admin", "scope": ["retail"]}]),
			"membership.create",
			membership("risk", "member", "manual"),
			[],
		),
		"expect": {"allow": false, "reasons": ["out_of_scope:admin", "role_missing:owner"]},
	},
	"a member sees who is in the own team": {
		"input": question(member, "team.read", {"type": "team", "id": "t-1", "team": "retail"}, []),
		"expect": {"allow": true, "matched": ["member:retail"]},
	},
	"a member sees no other team": {
		"input": question(member, "team.read", {"type": "team", "id": "t-2", "team": "risk"}, []),
		"expect": {"allow": false},
	},
	"an auditor gives nobody a role": {
		"input": question(
			person("auditor", [], [], [{"role": "auditor", "scope": "all"}]),
			"role.assign",
			{"type": "person", "id": "p-1"},
			[],
		),
		"expect": {"allow": false, "reasons": ["role_missing:admin"]},
	},
	"the requester may not decide": {
		"input": question(member, "access_request.review", access_request, []),
		"expect": {"allow": false, "reasons": ["requester_may_not_decide"], "obligations": []},
	},
	"an owner who asked may not decide": {
		"input": {
			"v": 1,
			"subject": owner,
			"action": "access_request.review",
			"resource": access_request,
			"grants": [],
			"context": {"now": now, "allowed_acr": ["gold"], "profile": "embedded", "change": change_of_owner},
		},
		"expect": {"allow": false, "reasons": ["requester_may_not_decide"]},
	},
	"the owner reviews once stepped up": {
		"input": question(owner, "access_request.review", access_request, []),
		"expect": {"allow": true, "matched": ["owner:risk"], "valid_until": now + 290},
	},
	"the reviewer reviews": {
		"input": question(reviewer, "access_request.review", access_request, []),
		"expect": {"allow": true, "matched": ["reviewer"]},
	},
	"an old sign-in asks for step-up": {
		"input": question(old_sign_in, "access_request.review", access_request, []),
		"expect": {
			"allow": false,
			"reasons": ["step_up_required"],
			"obligations": [{"type": "step_up", "max_age": 300, "acr": ["gold"]}],
		},
	},
	"an admin is not asked": {
		"input": question(admin, "access_request.review", access_request, []),
		"expect": {"allow": false, "reasons": ["not_asked_to_review"]},
	},
	"admin excludes auditor": {
		"input": question(both, "audit.read", {"type": "audit"}, []),
		"expect": {"allow": false, "reasons": ["admin_excludes_auditor", "role_missing:auditor"]},
	},
	"an admin asks for an erasure": {
		"input": kept(admin, "change.create", {"type": "change", "kind": "erasure"}, []),
		"expect": {"allow": true, "matched": ["role:admin"]},
	},
	"an auditor asks for the release of a hold": {
		"input": kept(auditor, "change.create", {"type": "change", "kind": "hold_release"}, []),
		"expect": {"allow": true, "matched": ["role:auditor"]},
	},
	"an auditor asks for no retention": {
		"input": kept(auditor, "change.create", {"type": "change", "kind": "retention"}, []),
		"expect": {"allow": false, "reasons": ["may_not_ask"]},
	},
	"nobody asks for a kind without a table": {
		"input": kept(admin, "change.create", {"type": "change", "kind": "odd"}, []),
		"expect": {"allow": false, "reasons": ["may_not_ask"]},
	},
	"a reviewer answers an erasure": {
		"input": kept(reviewer, "change.review", erasure, []),
		"expect": {"allow": true, "matched": ["reviewer"], "valid_until": now + 290},
	},
	"a reviewer answers once": {
		"input": kept(reviewer, "change.review", erasure, [{"by": "reviewer", "decision": "approve", "groups": ["reviewer"]}]),
		"expect": {"allow": false, "reasons": ["already_reviewed"]},
	},
	"a reviewer of some teams does not answer for everybody's records": {
		"input": kept(reviewer_here, "change.review", erasure, []),
		"expect": {"allow": false, "reasons": ["not_asked_to_review"]},
	},
	"whoever asked does not answer": {
		"input": kept(admin, "change.review", erasure, []),
		"expect": {"allow": false, "reasons": ["requester_may_not_decide"]},
	},
	"whoever is erased does not answer": {
		"input": kept(erased, "change.review", erasure, []),
		"expect": {"allow": false, "reasons": ["party_may_not_decide"]},
	},
	"an auditor does not answer": {
		"input": kept(auditor, "change.review", erasure, []),
		"expect": {"allow": false, "reasons": ["not_asked_to_review"]},
	},
	"only who asked withdraws": {
		"input": kept(reviewer, "change.withdraw", erasure, []),
		"expect": {"allow": false, "reasons": ["only_requester_may_withdraw"]},
	},
	"a member reads no such change": {
		"input": kept(member, "change.read", erasure, []),
		"expect": {"allow": false},
	},
	"a scoped reviewer stops routes of its teams": {
		"input": question(reviewer_here, "route.stop", listed, []),
		"expect": {"allow": true, "matched": ["role:reviewer"]},
	},
	"a scoped reviewer stops no other routes": {
		"input": question(reviewer_there, "route.stop", listed, []),
		"expect": {"reasons": ["out_of_scope:reviewer", "role_missing:admin", "role_missing:owner"]},
	},
}
