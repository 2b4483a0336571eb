//! Mistakes made on purpose, to show that the tests would find them.
//!
//! Each place that could go wrong asks `makes` whether to. Guarantees: without the feature `planted`, which no program
//! that people use is built with, the answer is a constant, and nothing of this is left.
//!
//! Must never: be switched on by anything but a test.

/// One mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// What the server deleted looks as if the device had just made it.
    ForgetTombstone,
    /// The base says what was planned, done or not.
    AdvanceBeforeTheWrite,
    /// The base knows one form of a memory, where a server rewrites what it is sent.
    OneBaseForBothSides,
    /// However much a plan deletes, it is carried out.
    DeleteWithoutLimit,
    /// A side that shows nothing is taken at its word.
    AcceptAnEmptyListing,
    /// Tags are compared and replaced as a whole.
    TagsAsOneString,
    /// Of nested metadata that both sides changed, ours is kept.
    MergeMetadataAsAWhole,
    /// What is out of scope counts as deleted.
    FilterAsADeletion,
    /// A pull writes to the server as well.
    PushOnPull,
    /// Where both sides changed a field, the server's value is taken without asking.
    PreferTheirs,
    /// A deletion wins over an edit without asking.
    DeletionWins,
    /// Where both sides changed a memory people are asked, be it that nothing collides.
    AskInVain,
    /// Of two memories of one text that both sides made, this device's is the older one.
    OursIsOlder,
    /// An answer to a conflict holds for whatever comes later.
    AnswerForEver,
    /// What a listing lacks is gone, without a direct question.
    TrustTheListing,
    /// As many pages as the server counted at first are all there is.
    TrustThePageCount,
    /// A side that was restored from a backup is read as edits.
    IgnoreARewind,
    /// Another database under the old name is taken for the old one.
    TrustAnyPlace,
    /// An edit that met another version counts as done.
    StaleIsDone,
    /// A server that kept what it had counts as changed.
    BelieveTheOutcome,
    /// What somebody wrote right after us becomes the base.
    TakeAnothersWriteForOurs,
    /// An undo takes back what was written since, too.
    UndoLaterEdits,
    /// The device's database is changed whatever it holds.
    OverwriteLocally,
    /// The server is changed whatever it held when it was read.
    OverwriteRemotely,
    /// A version on the server is told by its time alone.
    CompareUpdatedAt,
    /// Another text keeps the vector of the one before.
    KeepTheOldVector,
    /// What is replaced on this device is not kept.
    KeepNoRows,
    /// What was sent counts as what the server holds.
    SkipTheReadBack,
    /// A success means that the server holds the memory.
    BelieveA200,
    /// A memory that was there already counts as the one that was sent.
    RetryACreateBlindly,
    /// A metadata member that is to go is not told to the server.
    LoseANull,
}

/// Whether the program makes this mistake.
#[cfg(not(feature = "planted"))]
#[must_use]
pub(crate) const fn makes(mistake: Mistake) -> bool {
    let _ = mistake;
    false
}

#[cfg(feature = "planted")]
pub use switch::plant;

#[cfg(feature = "planted")]
pub(crate) use switch::makes;

#[cfg(feature = "planted")]
mod switch {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::Mistake;

    /// The mistake that is made, counted from 1.
    static PLANTED: AtomicUsize = AtomicUsize::new(0);

    impl Mistake {
        /// All of them.
        pub const ALL: &[Self] = &[
            Self::ForgetTombstone,
            Self::AdvanceBeforeTheWrite,
            Self::OneBaseForBothSides,
            Self::DeleteWithoutLimit,
            Self::AcceptAnEmptyListing,
            Self::TagsAsOneString,
            Self::MergeMetadataAsAWhole,
            Self::FilterAsADeletion,
            Self::PushOnPull,
            Self::PreferTheirs,
            Self::DeletionWins,
            Self::AskInVain,
            Self::OursIsOlder,
            Self::AnswerForEver,
            Self::TrustTheListing,
            Self::TrustThePageCount,
            Self::IgnoreARewind,
            Self::TrustAnyPlace,
            Self::StaleIsDone,
            Self::BelieveTheOutcome,
            Self::TakeAnothersWriteForOurs,
            Self::UndoLaterEdits,
            Self::OverwriteLocally,
            Self::OverwriteRemotely,
            Self::CompareUpdatedAt,
            Self::KeepTheOldVector,
            Self::KeepNoRows,
            Self::SkipTheReadBack,
            Self::BelieveA200,
            Self::RetryACreateBlindly,
            Self::LoseANull,
        ];
    }

    /// From now on the whole process makes this mistake, and no other.
    pub fn plant(mistake: Option<Mistake>) {
        PLANTED.store(mistake.map_or(0, |mistake| mistake as usize + 1), Ordering::Relaxed);
    }

    /// Whether the program makes this mistake.
    pub(crate) fn makes(mistake: Mistake) -> bool {
        PLANTED.load(Ordering::Relaxed) == mistake as usize + 1
    }
}
