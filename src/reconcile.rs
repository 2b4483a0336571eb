//! What a sync would do, as a value.
//!
//! [`compare`] names the [`State`] of each memory from three trees: the base (what both sides held when they
//! last agreed, in each side's own form), the local database and the server. [`plan()`] turns states into edits
//! and conflicts, [`advance()`] turns confirmed outcomes into the next base.
//!
//! Guarantees: a side's change is its difference from its own base form, so what a server rewrites never shows
//! up as a change. Nothing is deleted without a base that held it. A plan for two sides that agree is empty.
//!
//! Must never: touch a file, a socket, a clock, a random number or the environment.

mod advance;
mod brake;
mod conflict_id;
mod decide;
mod edits;
mod field;
mod merge;
mod plan;
mod planner;
mod rewind;
mod rewrite;
mod scope;
mod state;
mod text;
mod words;

pub use advance::{Advanced, After, advance};
pub use brake::{Brake, DeletionLimit, Holdings, brakes};
pub use conflict_id::{ConflictId, InvalidConflictId};
pub use decide::{Choices, Decision, Resolved, UndecidableError, Unmerged};
pub use edits::{DivergentEdit, EditRule, Edited, Edits, SideChange, divergent_edits, find_edits};
pub use field::{field_text, take_both, take_field};
pub use merge::{Field, Merged, differing, merge, merge_by};
pub use plan::{Conflict, Direction, Options, Plan, PlanId, Planned, Step, Strategy};
pub use planner::plan;
pub use rewind::{SMALLEST_REWIND, find_rewind, rewound_base};
pub use rewrite::{is_rewriting, same_tag, same_type, shown_by_rest};
pub use scope::Scope;
pub use state::{Base, Compared, Pair, State, Versions, compare, missing};
pub use text::{Chunk, ConflictStyle, Labels, MergedText, chunks, find_marker, merge_text};
pub use words::{similarity, words};
