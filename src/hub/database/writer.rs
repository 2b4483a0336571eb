//! The one thread that writes, many requests to a transaction.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread;

use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::oneshot;

use crate::hub::Clock;
use crate::hub::failure::Failure;
use crate::local::service::{Changes, Writer};
use crate::side;

/// How many requests may wait for the writer; also how many one transaction may hold.
pub(super) const QUEUE: usize = 256;

/// The name of the thread, for whoever looks at the process.
pub(in crate::hub) const NAME: &str = "writer";

/// A thread that carries out jobs in the order of their arrival.
pub(super) struct WriterThread {
    queue: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    ended: Mutex<Option<oneshot::Receiver<()>>>,
}

impl WriterThread {
    /// Starts the thread.
    pub(super) fn start(writer: Writer, clock: Clock) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let (end, ended) = oneshot::channel();
        let run = move || {
            work(writer, jobs, &clock);
            // Nobody needs to wait for the end.
            let _ = end.send(());
        };
        thread::Builder::new().name(NAME.to_owned()).spawn(run).expect("a thread can be started at start-up");
        Self { queue: Mutex::new(Some(queue)), ended: Mutex::new(Some(ended)) }
    }

    /// Has the thread carry out `job`, and waits until what it did is on the disk.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Changes<'_>) -> Result<T, side::Error> + Send + 'static,
    ) -> Result<T, Failure> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { job: Some(job), result: None, answer };
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let queue = queue.ok_or_else(|| Failure::busy("The server is about to stop"))?;
        queue.try_send(Box::new(waiting)).map_err(|error| match error {
            TrySendError::Full(_) => Failure::busy("Too many writes are waiting"),
            TrySendError::Closed(_) => {
                tracing::error!("the thread that writes is gone: restart the server");
                Failure::bug()
            }
        })?;
        answered.await.map_err(|_| Failure::bug())?
    }

    /// Lets the thread finish what waits, and waits for its end.
    pub(super) async fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(ended) = ended {
            // The other end is dropped at the latest when the thread ends.
            let _ = ended.await;
        }
    }
}

/// A request that waits, whatever it will be answered.
pub(super) trait Job: Send {
    /// Carries out the change; the answer waits for the commit.
    fn run(&mut self, changes: &Changes<'_>);

    /// Answers, once the transaction has ended.
    fn answer(self: Box<Self>, ending: &Result<(), Failure>);
}

/// A request that waits for an answer of one type.
pub(super) struct Waiting<F, T> {
    pub(super) job: Option<F>,
    /// What the job came to; it is the answer only if its transaction lasts.
    pub(super) result: Option<Result<T, Failure>>,
    pub(super) answer: oneshot::Sender<Result<T, Failure>>,
}

impl<F, T> Job for Waiting<F, T>
where
    F: FnOnce(&Changes<'_>) -> Result<T, side::Error> + Send,
    T: Send,
{
    fn run(&mut self, changes: &Changes<'_>) {
        // Whoever has hung up will never know whether it was done.
        if let Some(job) = self.job.take()
            && !self.answer.is_closed()
        {
            self.result = Some(changes.attempt(|changes| {
                let result = catch_unwind(AssertUnwindSafe(|| job(changes)));
                result.map_err(|_| Failure::bug())?.map_err(Failure::from)
            }));
        }
    }

    fn answer(self: Box<Self>, ending: &Result<(), Failure>) {
        let result = match (self.result, ending) {
            (Some(Err(own)), _) => Err(own),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (_, Err(failure)) => Err(failure.clone()),
            (None, Ok(())) => Err(Failure::bug()),
        };
        // The client may have hung up meanwhile.
        let _ = self.answer.send(result);
    }
}

fn work(mut writer: Writer, mut jobs: mpsc::Receiver<Box<dyn Job>>, clock: &Clock) {
    let mut group = Vec::new();
    while jobs.blocking_recv_many(&mut group, QUEUE) > 0 {
        let ending = transact(&mut writer, &mut group, clock);
        for job in group.drain(..) {
            job.answer(&ending);
        }
    }
    if let Err(error) = writer.close() {
        tracing::warn!(%error, "the write-ahead log was left as it is");
    }
}

fn transact(writer: &mut Writer, group: &mut [Box<dyn Job>], clock: &Clock) -> Result<(), Failure> {
    let changes = writer.begin(clock())?;
    for job in group {
        job.run(&changes);
    }
    Ok(changes.commit()?)
}
