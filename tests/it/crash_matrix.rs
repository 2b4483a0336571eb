//! The program is killed, or the system fails it, at every call by which a run changes something; after each the next
//! ordinary run reaches the same end.
//!
//! Between two calls of one kind on one file SQLite makes no difference: a journal that is not synced yet is as good as
//! none, however much of it is there. So of such a row the first call and the middle of the last one are tried.
//! `MEMSYNC_CRASHES=all` tries every single one, which takes four minutes of a processor for the first test alone,
//! `MEMSYNC_CRASHES=10` a tenth of the usual ones, and with `MEMSYNC_CRASHES_AT=K` only the K-th call is tried.

mod matrix;
mod stage;

use crate::support::interpose::Fault;
use matrix::{Matrix, check};
use stage::Remote;

/// Everything that happens to a database: its calls, and what becomes of each.
const DEATHS: [Fault; 2] = [Fault::Kill, Fault::Tear];
const FAILURES: [Fault; 2] = [Fault::Io, Fault::Full];

#[test]
fn a_sync_with_a_file_is_killed_anywhere() {
    check(&Matrix { remote: Remote::File, command: &["sync"], faults: &DEATHS, ..Matrix::default() });
}

#[test]
fn a_sync_with_a_file_meets_a_broken_or_full_disk_anywhere() {
    check(&Matrix { remote: Remote::File, command: &["sync"], faults: &FAILURES, ..Matrix::default() });
}

#[test]
fn a_sync_with_a_file_meets_locks_anywhere() {
    check(&Matrix { remote: Remote::File, command: &["sync"], faults: &[Fault::Lock], ..Matrix::default() });
}

#[test]
fn a_sync_with_a_hub_is_killed_at_every_request() {
    let faults = &[Fault::Kill, Fault::Tear, Fault::Late];
    check(&Matrix {
        remote: Remote::Hub,
        command: &["sync"],
        faults,
        only: Some("socket"),
        ..Matrix::default()
    });
}

#[test]
fn a_sync_with_a_hub_loses_the_connection_at_every_request() {
    let faults = &[Fault::Io];
    check(&Matrix {
        remote: Remote::Hub,
        command: &["sync"],
        faults,
        only: Some("socket"),
        ..Matrix::default()
    });
}

#[test]
fn an_undo_is_killed_anywhere() {
    let before: &[&[&str]] = &[&["sync"]];
    check(&Matrix { before, command: &["undo"], faults: &DEATHS, ..Matrix::default() });
}

#[test]
fn an_undo_on_both_sides_is_killed_anywhere() {
    let before: &[&[&str]] = &[&["sync"]];
    check(&Matrix { before, command: &["undo", "--remote"], faults: &[Fault::Kill], ..Matrix::default() });
}

#[test]
fn housekeeping_is_killed_anywhere() {
    let before: &[&[&str]] = &[&["sync"]];
    for command in [&["gc", "--prune=now"][..], &["embed", "--all"]] {
        check(&Matrix { before, command, faults: &[Fault::Kill], ..Matrix::default() });
    }
}
