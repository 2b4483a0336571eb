//! What the modules log about their work, on stderr, for those who look for a bug.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::Environment;

/// Who logs, and how much of it is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Log {
    /// The process lives long and nobody watches it: its log has times.
    pub(super) is_server: bool,
    /// `-q`.
    pub(super) is_quiet: bool,
    /// How often `-v` was given.
    pub(super) verbose: u8,
}

/// Starts to write logs: nothing by default, memsync's own steps with `-v`, its details with `-vv`, and those of the
/// libraries too with `-vvv`. A server logs one level more, and with `-q` only warnings. A second call changes nothing.
pub(super) fn start(log: Log, environment: &Environment) {
    let (own, others) = match (log.is_server, log.is_quiet, log.verbose) {
        (true, true, _) => (LevelFilter::WARN, LevelFilter::WARN),
        (false, _, 0) => return,
        (true, _, 0) | (false, _, 1) => (LevelFilter::INFO, LevelFilter::WARN),
        (true, _, 1) | (false, _, 2) => (LevelFilter::DEBUG, LevelFilter::WARN),
        _ => (LevelFilter::TRACE, LevelFilter::DEBUG),
    };
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()) && !environment.no_color);
    let filter = Targets::new().with_default(others).with_target("memsync", own);
    let registry = tracing_subscriber::registry().with(filter);
    // Whoever watches a command needs no clock.
    let _ = if log.is_server {
        registry.with(layer).try_init()
    } else {
        registry.with(layer.without_time()).try_init()
    };
}
