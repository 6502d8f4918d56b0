"""Every tamper case and every fault case has its test by name."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.audit.tamper import test_cases
from tests.audit.tamper.table import CASES

ROOT = Path(__file__).resolve().parents[3]
TABLE = "tests/audit/tamper/test_cases.py"
MERKLE = "tests/audit/tree/test_merkle.py"
PROOFS, TRUST = "tests/audit/tree/test_proof.py", "tests/audit/trust/test_trust.py"
CANONICAL, VERIFY = "tests/audit/test_canonical.py", "tests/audit/test_verify.py"
WORKERS, DATABASES = "tests/audit/faults/test_two_workers.py", "tests/audit/faults/test_databases.py"
WITNESS = "tests/audit/trust/test_witness.py"
DISKS, STANDBY = "tests/audit/faults/test_disks.py", "tests/audit/faults/test_standby.py"
BULK, DOUBT = "tests/audit/sinks/test_elasticsearch.py", "tests/audit/sinks/test_elasticsearch_doubt.py"
INTAKE, COMPLETE = "tests/audit/test_intake.py", "tests/audit/checks/test_completeness.py"
COPIES, SELFCHECK = "tests/contracts/test_elasticsearch_tampering.py", "tests/audit/checks/test_selfcheck.py"
KEEPERS, STAMPS = "tests/audit/trust/test_keepers.py", "tests/audit/trust/test_timestamps.py"
SHIPPER, SINKS = "tests/audit/following/test_shipper.py", "tests/contracts/test_sinks.py"

TAMPER = {
    "modify one bit in entry, body, tile": (
        "one_bit_of_an_entry",
        "one_bit_of_a_stored_body",
        "one_bit_of_a_tile",
    ),
    "delete entry, bundle, row": ("an_entry_taken_out", "a_bundle_taken_out", "a_row_deleted"),
    "swap two entries; swap two bundles": ("two_entries_swapped", "two_bundles_swapped", "two_rows_swapped"),
    "insert in the middle; duplicate index": ("an_entry_put_in_between", "an_entry_twice"),
    "edit checkpoint size or root": ("the_size_in_the_checkpoint", "the_root_in_the_checkpoint"),
    "full rewrite, database stolen, no key": ("the_database_written_anew_without_the_key",),
    "full rewrite with stolen key": ("everything_written_anew_with_the_stolen_key",),
    "truncate and sign again; restore an older state": (
        "the_end_cut_off_and_signed_with_the_stolen_key",
        "an_older_state_restored",
    ),
    "split view": ("a_split_view_signed_with_the_stolen_key",),
    "clock stepped": ("clocks_that_jump",),
    "Elasticsearch document changed, deleted, index deleted, snapshot restored": (
        "a_document_changed",
        "a_document_deleted",
        "an_index_deleted",
        "a_snapshot_restored",
    ),
    "trigger dropped and row updated; vacuum": ("a_column_beside_a_head", "a_vacuum"),
}

ELSEWHERE = {
    "proof replayed with another leaf, wrong index": f"{PROOFS}::test_another_leaf_index_or_path_is_refused",
    "proof of size 0": f"{PROOFS}::test_a_tree_of_size_0_proves_nothing",
    "empty proof as a tree of one leaf": f"{PROOFS}::test_an_empty_proof_is_refused_in_a_larger_tree",
    "extra or missing hash": f"{MERKLE}::test_an_altered_inclusion_proof_never_verifies",
    "witness told of a rollback": f"{WITNESS}::test_a_log_rolled_back_is_told_the_size_that_was_seen",
    "witness shown a fork": f"{WITNESS}::test_a_fork_signed_with_the_stolen_key_is_refused",
    "witness shown a split view": f"{WITNESS}::test_a_split_view_of_one_size_is_refused",
    "full rewrite with stolen key, told by a time stamp": f"{STAMPS}::"
    "test_an_export_with_a_stamp_verifies_and_a_stamp_of_another_history_does_not",
    "split view, told by the checkpoints that Elasticsearch or a folder keeps": f"{KEEPERS}::"
    "test_two_checkpoints_of_one_size_are_a_split_view",
    "witness key swap": f"{TRUST}::test_a_witness_with_a_swapped_key_does_not_count",
    "k of n not met": f"{TRUST}::test_a_quorum_is_met_by_as_many_witnesses_as_it_says",
    "cosignature from the future": f"{TRUST}::test_a_cosignature_from_the_future_does_not_count",
    "old key after cut-over": f"{TRUST}::test_an_old_key_after_the_cut_over_is_refused",
    "new key before": f"{TRUST}::test_a_new_key_before_the_cut_over_is_refused",
    "rotate twice": f"{TRUST}::test_each_key_signs_its_range_when_rotated_twice",
    "lost old key": f"{TRUST}::test_a_lost_old_key_needs_no_signature_after_the_cut_over",
    "pre-created with our id": f"{TABLE}::test_a_document_that_was_there_before_under_our_id_is_told_apart",
    "WAL edited": "tests/audit/tamper/test_wal.py::"
    "test_an_edited_wal_loses_its_entries_and_the_worker_refuses_to_sign_without_them",
    "NFC and NFD": f"{CANONICAL}::test_texts_that_normalise_alike_stay_different",
    "lone surrogates, duplicate keys": f"{CANONICAL}::test_decode_refuses_every_other_spelling",
    "verify chain on stored values": f"{VERIFY}::test_a_log_rewritten_whole_fails_at_the_root",
    "fault at every system call": "tests/faults/test_injected.py::"
    "test_faults_at_60_points_lose_repeat_and_fork_nothing",
    "kill in the middle of a spool record": "tests/audit/spool/test_writer.py::"
    "test_everything_acknowledged_survives_kill_9",
    "kill between intent, upstream and outcome": "tests/faults/test_kill_the_gateway.py::"
    "test_what_the_cluster_saw_is_intended_and_every_intent_is_one_entry",
    "kill between commit, tile, checkpoint and cursor": "tests/audit/test_crash.py::"
    "test_a_killed_worker_loses_and_repeats_nothing",
    "kill with the lease held": f"{WORKERS}::test_a_worker_killed_with_its_lease_held_frees_it",
    "two sequencers, the first stopped": f"{WORKERS}::"
    "test_a_worker_stopped_past_its_lease_forks_and_loses_nothing",
    "restart during shipping": f"{SINKS}::test_a_shipper_that_starts_again_leaves_no_gap",
    "every answer of a bulk request": f"{SHIPPER}::test_every_kind_of_trouble_ends_with_each_entry_once",
    "delivered ten times": f"{SINKS}::test_ten_deliveries_are_held_once",
    "pointed to an empty cluster": f"{SHIPPER}::"
    "test_an_empty_cluster_in_its_place_gets_everything_from_entry_0",
    "slow sink": f"{SHIPPER}::test_a_slow_sink_is_handed_less_until_it_answers_in_time",
    "hanging TCP": f"{DATABASES}::test_a_sink_behind_a_wall_that_drops_everything_holds_up_nobody",
    "disk full on the spool": f"{DISKS}::test_a_full_disk_under_the_spool",
    "disk full on the log": f"{DISKS}::test_a_full_disk_under_the_log",
    "no inode left": f"{DISKS}::test_no_inode_left_for_the_next_spool_file",
    "read-only": f"{DISKS}::test_a_spool_on_a_disk_that_is_read_only",
    "commit with unknown outcome": f"{DATABASES}::test_a_commit_whose_outcome_is_unknown",
    "standby lost": f"{STANDBY}::test_a_standby_that_is_lost_lets_the_log_wait_and_loses_nothing",
    "failover in the middle of a commit": f"{STANDBY}::"
    "test_a_standby_that_takes_over_in_the_middle_of_a_commit",
    "entry of 65,536 bytes": f"{INTAKE}::test_an_entry_of_65536_bytes_fits_no_tile",
    "duplicate keys at the door": f"{INTAKE}::test_a_key_twice_is_refused_in_a_head",
    "clock an hour off is told": f"{COMPLETE}::test_a_clock_that_steps_is_told_once_an_hour",
    "producers and worker skewed": f"{COMPLETE}::"
    "test_the_workers_own_clock_may_step_and_everything_is_still_signed",
    "superuser of PostgreSQL": f"{SELFCHECK}::test_a_superuser_of_postgresql_is_noticed_too",
    "document changed in a real Elasticsearch": f"{COPIES}::"
    "test_a_document_changed_with_its_original_and_hash_breaks_the_root_and_is_named",
    "older snapshot in a real Elasticsearch": f"{COPIES}::"
    "test_an_older_snapshot_restored_lacks_what_came_since_and_gets_it",
    "requests refused: 429, 502 with HTML, 503, cut JSON": f"{BULK}::"
    "test_a_request_that_fails_is_one_sentence_and_then_sent_again",
    "items refused: 429, 502, 503, 504, 403, index missing": f"{BULK}::"
    "test_an_item_that_is_not_taken_stops_the_batch_there",
    "413": f"{BULK}::test_a_batch_that_is_too_large_is_halved",
    "answered too late, after indexing": f"{BULK}::test_no_answer_in_time_is_an_unknown_outcome",
    "reset in the middle of an answer": f"{DOUBT}::"
    "test_a_connection_reset_in_the_middle_of_the_answer_is_an_unknown_outcome",
    "every mix of statuses": f"{DOUBT}::test_every_mix_of_outcomes_in_one_answer_ends_at_the_first_gap",
    "flood stage": f"{DOUBT}::test_the_flood_stage_of_a_full_disk_stops_the_batch",
    "failure store used": f"{DOUBT}::"
    "test_what_went_to_the_failure_store_is_set_aside_although_it_was_called_created",
    "mapping conflict": f"{BULK}::test_refused_fields_go_to_quarantine_and_the_count_stays_exact",
    "items in another order": f"{BULK}::test_outcomes_in_another_order_are_matched_by_id",
    "fewer items than asked for": f"{BULK}::test_an_entry_without_an_outcome_is_not_acknowledged",
    "document gone while it is compared": f"{BULK}::"
    "test_a_document_that_vanishes_while_compared_is_sent_again",
    "rollover of a data stream": f"{DOUBT}::test_a_batch_of_unknown_outcome_is_not_repeated_after_a_rollover",
    "SQLite with a long reader": f"{DATABASES}::"
    "test_a_reader_that_stays_lets_the_wal_grow_and_holds_up_nobody",
}


@pytest.mark.parametrize("what", TAMPER)
def test_a_tamper_case_is_in_the_table(what: str) -> None:
    assert test_cases.WHERE  # who imports them enters them
    assert [name for name in TAMPER[what] if name not in CASES] == []


@pytest.mark.parametrize("what", ELSEWHERE)
def test_a_case_that_is_proven_elsewhere_is_there(what: str) -> None:
    path, _, name = ELSEWHERE[what].partition("::")
    assert name in _tests(path)


@cache
def _tests(path: str) -> frozenset[str]:
    nodes = ast.walk(ast.parse((ROOT / path).read_text()))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
