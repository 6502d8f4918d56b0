# What the plan answers, case by case.
package guildhall.approval_test

entrypoint := "guildhall/approval/plan"

about(tier, reviews) := {"v": 1, "context": {"change": {
	"id": "change-1",
	"kind": "access",
	"requester": "member",
	"tier": tier,
	"team": "risk",
	"receiving_team": "retail",
	"reviews": reviews,
}}}

of_kind(kind, reviews) := {"v": 1, "context": {"change": {
	"id": "change-1",
	"kind": kind,
	"requester": "admin",
	"parties": ["erased"],
	"reviews": reviews,
}}}

stale_approval(standing, reviews) := {"v": 1, "context": {"change": {
	"id": "change-1",
	"kind": "reapproval",
	"requester": "member",
	"team": "risk",
	"tier": "low",
	"standing": standing,
	"parties": ["gainer"],
	"reviews": reviews,
}}}

reviewer := [{"group": "reviewer", "count": 1}]

by(person, decision, groups) := {"by": person, "decision": decision, "groups": groups}

both := [{"group": "owner:risk", "count": 1}, {"group": "reviewer", "count": 1}]

owner_left := [{"group": "owner:risk", "count": 1}]

reviewer_left := [{"group": "reviewer", "count": 1}]

cases := {
	"a low tier asks owner and reviewer": {
		"input": about("low", []),
		"expect": {"required": both, "missing": both, "why": ["tier:low"]},
	},
	"a medium tier asks owner and reviewer": {
		"input": about("medium", []),
		"expect": {"required": both, "missing": both, "why": ["tier:medium"]},
	},
	"a high tier asks owner and reviewer": {
		"input": about("high", []),
		"expect": {"required": both, "missing": both, "why": ["tier:high"]},
	},
	"an unknown tier has no plan": {
		"input": about("odd", []),
		"expect": "undefined",
	},
	"an unknown kind has no plan": {
		"input": {"context": {"change": {"kind": "odd", "team": "risk", "tier": "low", "reviews": []}}},
		"expect": "undefined",
	},
	"no change has no plan": {
		"input": {"context": {"change": null}},
		"expect": "undefined",
	},
	"the owner's approval leaves the reviewer": {
		"input": about("low", [by("owner", "approve", ["owner:risk"])]),
		"expect": {"missing": reviewer_left},
	},
	"the reviewer's approval leaves the owner": {
		"input": about("low", [by("reviewer", "approve", ["reviewer"])]),
		"expect": {"missing": owner_left},
	},
	"two people of two groups are enough": {
		"input": about("low", [by("owner", "approve", ["owner:risk"]), by("reviewer", "approve", ["reviewer"])]),
		"expect": {"missing": []},
	},
	"two people of one group are not": {
		"input": about("low", [by("owner", "approve", ["owner:risk"]), by("other", "approve", ["owner:risk"])]),
		"expect": {"missing": reviewer_left},
	},
	"one person of two groups is not": {
		"input": about("low", [by("owner", "approve", ["owner:risk", "reviewer"])]),
		"expect": {"missing": reviewer_left},
	},
	"a person of two groups leaves one to another": {
		"input": about("low", [by("owner", "approve", ["owner:risk", "reviewer"]), by("other", "approve", ["owner:risk"])]),
		"expect": {"missing": []},
	},
	"the requester does not count": {
		"input": about("low", [by("member", "approve", ["owner:risk", "reviewer"])]),
		"expect": {"missing": both},
	},
	"a refusal is no approval": {
		"input": about("low", [by("owner", "refuse", ["owner:risk"])]),
		"expect": {"missing": both},
	},
	"a retention asks one reviewer": {
		"input": of_kind("retention", []),
		"expect": {
			"required": reviewer,
			"missing": reviewer,
			"why": ["kind:retention"],
			"clock": {"answer_hours": 72, "further": []},
		},
	},
	"an erasure asks one reviewer": {
		"input": of_kind("erasure", [by("reviewer", "approve", ["reviewer"])]),
		"expect": {"required": reviewer, "missing": []},
	},
	"whoever is erased does not count": {
		"input": of_kind("erasure", [by("erased", "approve", ["reviewer"])]),
		"expect": {"missing": reviewer},
	},
	"publishing asks one reviewer, whatever the tier": {
		"input": {"v": 1, "context": {"change": {
			"id": "change-1", "kind": "publish", "requester": "owner", "team": "risk",
			"tier": "high", "data_class": "personal", "purpose": "credit decisions", "reviews": [],
		}}},
		"expect": {"required": reviewer, "missing": reviewer, "why": ["kind:publish"]},
	},
	"an approval that went stale asks what access asks": {
		"input": stale_approval([], []),
		"expect": {"required": both, "missing": both, "why": ["kind:reapproval"]},
	},
	"an answer that still stands is not asked again": {
		"input": stale_approval(["reviewer"], []),
		"expect": {"required": owner_left, "missing": owner_left},
	},
	"the answer that was asked again is the last": {
		"input": stale_approval(["reviewer"], [by("owner", "approve", ["owner:risk"])]),
		"expect": {"required": owner_left, "missing": []},
	},
	"with every answer standing nothing is asked": {
		"input": stale_approval(["owner:risk", "reviewer"], []),
		"expect": "undefined",
	},
	"whoever asked for a release does not count": {
		"input": of_kind("hold_release", [by("admin", "approve", ["reviewer"])]),
		"expect": {"missing": reviewer},
	},
	"a kind without a table has no plan": {
		"input": of_kind("alarm", []),
		"expect": "undefined",
	},
	"another team's owner does not count": {
		"input": about("low", [by("other", "approve", ["owner:vision"])]),
		"expect": {"missing": both},
	},
}
