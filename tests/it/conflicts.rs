//! `memsync conflicts`: look at the conflicts.
