# Which approvals a change needs, and which of them are still missing. The tables are data.guildhall.tiers for
# access and data.guildhall.changes for the other kinds; what a data class or a purpose asks besides is in
# data.guildhall.data_classes and data.guildhall.purposes.
package guildhall.approval

plan := {"required": required, "missing": missing, "why": why, "clock": clock, "automatic": automatic}

change := input.context.change if input.context.change != null

required := requirement(change.team, change.tier, extras) if change.kind == "access"

required := named(kind_slots, extras, object.get(change, "team", "")) if not change.kind in {"access", "reapproval"}

# An approval that went stale asks what access asks now, but for the answers that still stand.
required := again if {
	change.kind == "reapproval"
	count(again) > 0
}

again := [entry |
	some asked in requirement(change.team, change.tier, extras)
	lacking := asked.count - count(standing(asked.group))
	lacking > 0
	entry := {"group": asked.group, "count": lacking}
]

standing(group) := [one |
	some one in change.standing
	one == group
]

# A kind may ask more of a tier than of the others.
kind_slots := slots if {
	table := data.guildhall.changes[change.kind]
	count(table.answers) > 0
	by_tier := object.get(table, "tiers", {})
	slots := array.concat(table.answers, object.get(by_tier, object.get(change, "tier", ""), []))
}

# What the data class and the purpose of a model ask besides; nothing where no table names them.
extras := array.concat(of_data_class, of_purpose)

of_data_class := object.get(data.guildhall.data_classes, object.get(change, "data_class", ""), [])

of_purpose := object.get(data.guildhall.purposes, object.get(change, "purpose", ""), [])

why := array.concat(why_first, array.concat(why_data_class, why_purpose))

why_first := [concat(":", ["tier", change.tier])] if change.kind == "access"

why_first := [concat(":", ["kind", change.kind])] if change.kind != "access"

why_data_class := [concat(":", ["data_class", change.data_class])] if {
	count(of_data_class) > 0
} else := []

why_purpose := ["purpose"] if {
	count(of_purpose) > 0
} else := []

# A tier that the table does not know, or an empty row, has no requirement, and so no plan: nothing can be approved.
requirement(team, tier, more) := entries if {
	slots := data.guildhall.tiers[tier]
	count(slots) > 0
	entries := named(slots, more, team)
}

# The rows' own groups in their order, each with the largest count that is asked of it, then what is asked besides.
# A group that cannot be named leaves everything undefined.
named(slots, more, team) := array.concat(entries, added) if {
	entries := [entry |
		some slot in slots
		name := group_name(slot.group, team)
		besides := counts_of(name, more, team)
		entry := {"group": name, "count": max(array.concat([slot.count], besides))}
	]
	count(entries) == count(slots)
	own := names_of(slots, team)
	others := [name |
		some name in sort(names_of(more, team))
		not name in own
	]
	all_named(more, team)
	added := [entry |
		some name in others
		entry := {"group": name, "count": max(counts_of(name, more, team))}
	]
}

names_of(slots, team) := {name |
	some slot in slots
	name := group_name(slot.group, team)
}

all_named(slots, team) if {
	found := [name |
		some slot in slots
		name := group_name(slot.group, team)
	]
	count(found) == count(slots)
}

counts_of(name, slots, team) := [number |
	some slot in slots
	group_name(slot.group, team) == name
	number := slot.count
]

# Owners are those of the team that is asked, or of the one that a row names; reviewers hold the role in scope.
group_name(kind, team) := concat(":", ["owner", team]) if {
	kind == "owner"
	team != ""
}

group_name(kind, _) := kind if kind == "reviewer"

group_name(kind, _) := kind if startswith(kind, "owner:")

# Until when an answer is due, and who may answer in the stead of those asked from then on.
clock := {"answer_hours": row.answer_hours, "further": further} if {
	row := data.guildhall.clocks[clock_name]
	further := [name |
		some group in row.further
		name := group_name(group, object.get(change, "team", ""))
	]
} else := null

clock_name := change.tier if change.kind == "access"

clock_name := "changes" if change.kind != "access"

# What the company has agreed to let go without an answer; the floor in code keeps high risk out of it.
default automatic := false

automatic if {
	change.kind == "access"
	some line in data.guildhall.automatic
	change.tier in line.tiers
	change.data_class in line.data_classes
	change.duration_days <= line.most_days
	for_its_purpose(line)
}

for_its_purpose(line) if object.get(line, "purposes", null) == null

for_its_purpose(line) if change.purpose in line.purposes

# Nobody counts who asked, by whatever account, whom the change is about, or who gains by it.
barred contains change.requester

barred contains person if some person in object.get(change, "selves", [])

barred contains person if some person in object.get(change, "parties", [])

counted(review) if {
	review.decision == "approve"
	not review.by in barred
	not object.get(review, "for", null) in barred
}

approvals contains {"by": review.by, "group": group} if {
	some review in change.reviews
	counted(review)
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
