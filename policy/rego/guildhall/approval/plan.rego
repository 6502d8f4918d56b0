# Which approvals a change needs, and which of them are still missing. The tables are data.guildhall.tiers for
# access, and data.guildhall.changes for the other kinds.
package guildhall.approval

plan := {"required": required, "missing": missing, "why": why}

change := input.context.change

required := requirement(change.team, change.tier) if change.kind == "access"

required := answers if {
	change.kind != "access"
	answers := data.guildhall.changes[change.kind].answers
	count(answers) > 0
}

why := [concat(":", ["tier", change.tier])] if change.kind == "access"

why := [concat(":", ["kind", change.kind])] if change.kind != "access"

# A tier that the table does not know, or an empty row, has no requirement, and so no plan: nothing can be approved.
requirement(team, tier) := entries if {
	slots := data.guildhall.tiers[tier]
	count(slots) > 0
	entries := [entry |
		some slot in slots
		name := group_name(slot.group, team)
		entry := {"group": name, "count": slot.count}
	]
	count(entries) == count(slots)
}

group_name(kind, team) := concat(":", ["owner", team]) if kind == "owner"

group_name(kind, _) := kind if kind == "reviewer"

parties contains party if some party in change.parties

# Only approvals by others than the requester count, and by nobody the change is about.
approvals contains {"by": review.by, "group": group} if {
	some review in change.reviews
	review.decision == "approve"
	review.by != change.requester
	not review.by in parties
	some group in review.groups
}

approvers(group) := people_of if {
	people_of := {person |
		some approval in approvals
		approval.group == group
		person := approval.by
	}
}

wanted contains entry.group if some entry in required

people contains approval.by if {
	some approval in approvals
	approval.group in wanted
}

short_groups := [short |
	some entry in required
	lacking := entry.count - count(approvers(entry.group))
	lacking > 0
	short := {"group": entry.group, "count": lacking}
]

slot_counts := [number |
	some entry in required
	number := entry.count
]

slots := sum(slot_counts)

missing := short_groups if count(short_groups) > 0

# One person fills one slot: somebody in two groups leaves the last group open.
missing := [{"group": last.group, "count": slots - count(people)}] if {
	count(short_groups) == 0
	count(people) < slots
	last := required[count(required) - 1]
}

missing := [] if {
	count(short_groups) == 0
	count(people) >= slots
}
