//! What the modules log about their work, on stderr, for those who look for a bug.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::Environment;

/// Starts to write logs: nothing by default, memsync's own steps with `-v`, its details with `-vv`, and those of the
/// libraries too with `-vvv`. A second call changes nothing.
pub(super) fn start(verbose: u8, environment: &Environment) {
    let (own, others) = match verbose {
        0 => return,
        1 => (LevelFilter::INFO, LevelFilter::WARN),
        2 => (LevelFilter::DEBUG, LevelFilter::WARN),
        _ => (LevelFilter::TRACE, LevelFilter::DEBUG),
    };
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()) && !environment.no_color)
        .without_time();
    let filter = Targets::new().with_default(others).with_target("memsync", own);
    let _ = tracing_subscriber::registry().with(layer).with(filter).try_init();
}
