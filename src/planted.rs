//! Mistakes made on purpose, to show that the tests would find them.
//!
//! Guarantees: without the feature `planted`, [`makes`] is a constant, and nothing of this is in the program.
//!
//! Must never: be switched on by anything but a test.

/// One mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// A deletion is not told to the other side.
    ForgetTombstone,
}

/// Whether the program makes this mistake.
#[must_use]
pub const fn makes(mistake: Mistake) -> bool {
    let _ = mistake;
    false
}
