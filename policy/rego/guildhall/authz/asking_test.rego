package guildhall.authz_asking_test

import data.guildhall.authz

test_cases[name] if {
	some name, example in cases
	result := authz.decision with input as example.input
	every key, value in example.expect {
		result[key] == value
	}
}
