//! Signals that ask the process to stop, noted instead of obeyed.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Notes `SIGINT` and `SIGTERM` for as long as it lives, so that what is under way can be ended in order. Programs that
/// are started meanwhile obey them as ever.
#[derive(Debug)]
pub struct Interrupts {
    noted: Arc<AtomicBool>,
    #[cfg(unix)]
    signals: Vec<signal_hook::SigId>,
}

impl Interrupts {
    /// Begins to note.
    pub fn note() -> io::Result<Self> {
        let noted = Arc::new(AtomicBool::new(false));
        Ok(Self {
            #[cfg(unix)]
            signals: listen(&noted)?,
            noted,
        })
    }

    /// Whether there was one.
    #[must_use]
    pub fn were_noted(&self) -> bool {
        self.noted.load(Ordering::Relaxed)
    }
}

#[cfg(unix)]
fn listen(noted: &Arc<AtomicBool>) -> io::Result<Vec<signal_hook::SigId>> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    [SIGINT, SIGTERM].into_iter().map(|signal| signal_hook::flag::register(signal, noted.clone())).collect()
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        #[cfg(unix)]
        for signal in self.signals.drain(..) {
            signal_hook::low_level::unregister(signal);
        }
    }
}
