//! Giving vectors to the memories that lack theirs, while the hub has nothing better to do.
//!
//! A memory lacks its vector where it came while there was none to be had: its maker failed, a push held more texts
//! than a request may wait for, or another program wrote it. The database itself tells which.
//!
//! Guarantees: requests go first, because each batch waits for its turn among theirs, and each is written in a
//! transaction of its own.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::Hub;
use super::embedder::{BATCH, REST};
use super::failure::Failure;
use crate::local::service::Reader;

/// How long nothing is looked for where no request has left anything lacking: for what another program wrote, and what
/// could not be made in its turn.
const AGAIN: Duration = Duration::from_mins(5);

/// Fills what lacks, and again whenever a request has left something lacking.
pub(super) async fn fill(hub: Arc<Hub>) {
    loop {
        match hub.fill_all().await {
            Ok(()) if !hub.embedder.is_resting() => {
                let _ = timeout(AGAIN, hub.lacking.notified()).await;
            }
            // The cause stands in the log.
            Ok(()) | Err(_) => sleep(REST).await,
        }
    }
}

impl Hub {
    /// Gives each memory that lacks it a vector, as far as the maker makes them.
    pub(super) async fn fill_all(&self) -> Result<(), Failure> {
        self.embedder.settle_for(self.database.read(Reader::tables).await?).await;
        let (mut before, mut filled) = (i64::MAX, 0);
        while self.embedder.settled().await.making.is_ok() && !self.embedder.is_resting() {
            let lacking = self.database.read(move |reader| reader.lacking(before, BATCH)).await?;
            let Some(last) = lacking.last() else { break };
            before = last.id;
            let texts = lacking.iter().map(|memory| memory.text.as_str());
            let vectors = self.embedder.vectors_in_the_end(texts).await;
            filled += self.database.write(move |changes| changes.fill(&lacking, &vectors)).await?;
        }
        if filled > 0 {
            tracing::info!(memories = filled, "vectors filled in");
        }
        Ok(())
    }
}
