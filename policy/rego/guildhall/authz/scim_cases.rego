# What a directory's credential may, and what nobody else may at its door.
package guildhall.authz_scim_test

entrypoint := "guildhall/authz/decision"

subject(id, kind, roles, scopes) := {
	"id": id,
	"kind": kind,
	"teams": [],
	"owner_of": [],
	"roles": roles,
	"scopes": scopes,
	"auth": {"method": "bearer", "acr": null, "auth_time": null},
}

credential := subject("c1", "service", [], ["scim.read", "scim.write"])

admin := subject("p1", "person", [{"role": "admin", "scope": "all"}], null)

service := subject("s1", "service", [], null)

ask(who, action, type, id) := {
	"v": 1,
	"subject": who,
	"action": action,
	"resource": {"type": type, "id": id},
	"grants": [],
	"context": {"now": 1797000100, "allowed_acr": ["gold"], "profile": "embedded", "change": null},
}

cases := {
	"a directory reads what it wrote": {
		"input": ask(credential, "scim.read", "scim", "c1"),
		"expect": {"allow": true, "matched": ["scim"]},
	},
	"a directory writes": {
		"input": ask(credential, "scim.write", "scim", "c1"),
		"expect": {"allow": true, "matched": ["scim"]},
	},
	"a directory acts for no other credential": {
		"input": ask(credential, "scim.write", "scim", "c2"),
		"expect": {"allow": false},
	},
	"a directory does nothing else": {
		"input": ask(credential, "session.read", "session", "c1"),
		"expect": {"allow": false},
	},
	"a program with a key is no directory": {
		"input": ask(service, "scim.write", "scim", "c1"),
		"expect": {"allow": false},
	},
	"an admin is no directory": {
		"input": ask(admin, "scim.write", "scim", "c1"),
		"expect": {"allow": false},
	},
	"nor where the ids are the same": {
		"input": ask(admin, "scim.write", "scim", "p1"),
		"expect": {"allow": false},
	},
	"an admin revokes a credential": {
		"input": ask(admin, "scim_credential.revoke", "scim_credential", "c1"),
		"expect": {"allow": true, "matched": ["role:admin"]},
	},
}
