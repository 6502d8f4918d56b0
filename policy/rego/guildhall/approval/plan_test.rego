package guildhall.approval_test

import data.guildhall.approval

test_cases[name] if {
	some name, example in cases
	passes(example)
}

passes(example) if {
	result := approval.plan with input as example.input
	every key, value in example.expect {
		result[key] == value
	}
}

passes(example) if {
	example.expect == "undefined"
	not approval.plan with input as example.input
}
