package guildhall.list_test

import data.guildhall.list

test_cases[name] if {
	some name, example in cases
	result := list.scope with input as example.input
	every key, value in example.expect {
		result[key] == value
	}
}
