# For whom access may be asked, and by whom: a team, one of its service accounts, or one of its members.
package guildhall.authz_asking_test

entrypoint := "guildhall/authz/decision"

teammate(id, team, owner_of) := {
	"id": id,
	"kind": "person",
	"teams": [team],
	"owner_of": owner_of,
	"roles": [],
	"scopes": null,
	"auth": {"method": "session", "acr": "gold", "auth_time": 1796999990},
}

member := teammate("member", "retail", [])

owner := teammate("owner", "risk", ["risk"])

listed := {
	"type": "route", "id": "route-1", "name": "risk.credit-default", "team": "risk", "visibility": "listed",
	"tier": "medium", "data_class": "personal", "state": "active", "receiving_team": "retail",
}

for_service(team) := {
	"type": "route", "id": "route-1", "name": "risk.credit-default", "team": "risk", "visibility": "listed",
	"tier": "medium", "data_class": "personal", "state": "active",
	"receiving_team": team, "receiving_service": "service-1",
}

for_person(team, person) := {
	"type": "route", "id": "route-1", "name": "risk.credit-default", "team": "risk", "visibility": "listed",
	"tier": "medium", "data_class": "personal", "state": "active",
	"receiving_team": team, "receiving_person": person,
}

asks_for(subject, resource) := {
	"v": 1,
	"subject": subject,
	"action": "access_request.create",
	"resource": resource,
	"grants": [],
	"context": {"now": 1797000000, "allowed_acr": ["gold"], "profile": "embedded", "change": null},
}

cases := {
	"a member asks for an own team": {
		"input": asks_for(member, listed),
		"expect": {"allow": true, "matched": ["member:retail"]},
	},
	"nobody asks for a team of others": {
		"input": asks_for(owner, listed),
		"expect": {"allow": false, "reasons": ["not_in_receiving_team"]},
	},
	"a member asks for themselves alone": {
		"input": asks_for(member, for_person("retail", member.id)),
		"expect": {"allow": true, "matched": ["member:retail"]},
	},
	"a member asks for nobody else of the team": {
		"input": asks_for(member, for_person("retail", "somebody")),
		"expect": {"allow": false, "reasons": ["only_owner_asks_for_others"]},
	},
	"an owner asks for one of the team": {
		"input": asks_for(owner, for_person("risk", "somebody")),
		"expect": {"allow": true, "matched": ["member:risk"]},
	},
	"nobody asks for themselves in a team of others": {
		"input": asks_for(owner, for_person("retail", owner.id)),
		"expect": {"allow": false, "reasons": ["not_in_receiving_team"]},
	},
	"a member asks for no service account of the team": {
		"input": asks_for(member, for_service("retail")),
		"expect": {"allow": false, "reasons": ["only_owner_asks_for_service"]},
	},
	"an owner asks for a service account of the own team": {
		"input": asks_for(owner, for_service("risk")),
		"expect": {"allow": true, "matched": ["member:risk"]},
	},
	"an owner asks for no service account of others": {
		"input": asks_for(owner, for_service("retail")),
		"expect": {"allow": false, "reasons": ["not_in_receiving_team"]},
	},
}
