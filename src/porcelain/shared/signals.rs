//! How a command that lasts is asked to stop.

/// What ends whenever the user or the system asks the process to stop.
pub(crate) fn stop() -> impl AsyncFnMut() {
    let mut signals = None;
    async move || signals.get_or_insert_with(Signals::listen).next().await
}

/// The signals that ask a process to stop.
struct Signals {
    #[cfg(unix)]
    terminate: Option<tokio::signal::unix::Signal>,
}

impl Signals {
    /// Takes the signals from now on; the process then no longer ends by itself on them.
    fn listen() -> Self {
        Self {
            #[cfg(unix)]
            terminate: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok(),
        }
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(terminate) = &mut self.terminate {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
        // An error says that there are no such signals here.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
