//! `memsync::reconcile` from outside: two reviewed tables (`snapshots/decision-table.txt`,
//! `snapshots/field-merge.txt`), an exhaustive walk through all small cases, and properties that hold for
//! worlds of a device and a server that rewrites what it is sent.

mod arbitrary;
mod brakes;
mod decision_table;
mod decisions;
mod exhaustive;
mod field_merge;
mod gallery;
mod properties;
mod reopened;
mod rewind;
mod rewriting;
mod scope;
mod world;
