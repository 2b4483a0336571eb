//! `GET /api/events`: a stream of what happens, as server-sent events.
//!
//! Guarantees: whoever is too slow, or listens for too long to nothing but silence, costs no more than a place:
//! a listener that falls behind is cut off, and finds what it missed when it comes back with the id of the last
//! event that it saw, while that is remembered.

use std::collections::{HashSet, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream;
use serde_json::{Map, Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::announcement::Announcement;
use super::failure::Failure;
use super::fields::Query;
use super::{Clock, Hub, iso};

/// How many may listen at once.
const LISTENERS: usize = 256;

/// How many events a listener may fall behind.
const BEHIND: usize = 256;

/// How many events are remembered for those who come back.
const REMEMBERED: usize = 1000;

/// The largest event, in bytes; a larger one is not told.
const LARGEST: usize = 64 * 1024;

/// How often each listener hears that the hub is alive, in seconds.
const HEARTBEAT_SECONDS: u64 = 30;

/// The endpoint.
pub(super) fn routes() -> Router<Arc<Hub>> {
    Router::new().route("/api/events", get(listen))
}

/// An event as it goes over the wire.
struct Event {
    id: String,
    store: Option<String>,
    text: Bytes,
}

impl Event {
    fn new(name: &str, store: Option<String>, data: &Value, clock: &Clock) -> Self {
        let id = uuid::Uuid::new_v4().to_string();
        let mut members = Map::new();
        members.insert("timestamp".to_owned(), iso(clock()).into());
        members.extend(data.as_object().cloned().unwrap_or_default());
        let data = Value::Object(members);
        let text = format!("id: {id}\r\nevent: {name}\r\ndata: {data}\r\n\r\n").into();
        Self { id, store, text }
    }

    /// Whether somebody who listens to `stores`, or to all, hears of it.
    fn is_for(&self, stores: Option<&HashSet<String>>) -> bool {
        let (Some(stores), Some(store)) = (stores, &self.store) else { return true };
        stores.contains(store)
    }
}

/// Everybody who listens, and what was told last.
pub(super) struct Announcements {
    told: Mutex<Told>,
    places: Arc<Semaphore>,
    clock: Clock,
}

struct Told {
    /// `None` once the hub stops.
    sender: Option<broadcast::Sender<Arc<Event>>>,
    recent: VecDeque<Arc<Event>>,
}

impl Announcements {
    /// Nobody listens yet.
    pub(super) fn new(clock: Clock) -> Self {
        let told = Told { sender: Some(broadcast::Sender::new(BEHIND)), recent: VecDeque::new() };
        Self { told: Mutex::new(told), places: Arc::new(Semaphore::new(LISTENERS)), clock }
    }

    /// Tells everybody, without waiting for them.
    pub(super) fn send(&self, announcement: Announcement) {
        let Announcement { name, store, data } = announcement;
        let event = Arc::new(Event::new(name, store, &data, &self.clock));
        if event.text.len() > LARGEST {
            tracing::warn!(event = name, bytes = event.text.len(), "an event is too large to be told");
            return;
        }
        let mut told = self.told();
        if told.recent.len() == REMEMBERED {
            told.recent.pop_front();
        }
        told.recent.push_back(Arc::clone(&event));
        if let Some(sender) = &told.sender {
            // Nobody may be listening.
            let _ = sender.send(event);
        }
    }

    /// Ends every stream.
    pub(super) fn close(&self) {
        self.told().sender = None;
    }

    /// Takes a place, for events of `stores`, or of all.
    fn join(&self, stores: Option<HashSet<String>>, last: Option<&str>) -> Result<Listener, Failure> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Failure::busy("Too many are listening"))?;
        let told = self.told();
        let sender = told.sender.as_ref().ok_or_else(|| Failure::busy("The server is about to stop"))?;
        let (replay, missed) = told.replay(last, stores.as_ref());
        let mut welcome = json!({
            "connection_id": uuid::Uuid::new_v4().to_string(),
            "message": "Connected to MCP Memory Service SSE stream",
            "heartbeat_interval": HEARTBEAT_SECONDS,
        });
        if let (Some(replay), Some(members)) = (replay, welcome.as_object_mut()) {
            members.insert("replay".to_owned(), replay);
        }
        let welcome = Arc::new(Event::new("connection_established", None, &welcome, &self.clock));
        let mut heartbeat = interval(Duration::from_secs(HEARTBEAT_SECONDS));
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        heartbeat.reset();
        Ok(Listener {
            stores,
            waiting: std::iter::once(welcome).chain(missed).collect(),
            live: sender.subscribe(),
            heartbeat,
            _place: place,
        })
    }

    fn heartbeat(&self) -> Event {
        let data = json!({
            "active_connections": LISTENERS - self.places.available_permits(),
            "server_status": "healthy",
        });
        Event::new("heartbeat", None, &data, &self.clock)
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    /// What somebody missed who saw the event `last`: how that went, in the service's words, and the events.
    fn replay(
        &self,
        last: Option<&str>,
        stores: Option<&HashSet<String>>,
    ) -> (Option<Value>, Vec<Arc<Event>>) {
        let Some(last) = last.filter(|last| !last.is_empty()) else { return (None, Vec::new()) };
        let seen = self.recent.iter().position(|event| event.id == last);
        let after = seen.map_or(self.recent.len(), |seen| seen + 1);
        let missed = self.recent.range(after..).filter(|event| event.is_for(stores));
        let missed: Vec<_> = missed.map(Arc::clone).collect();
        let outcome = json!({
            "requested_last_event_id": last,
            "events_replayed": missed.len(),
            "buffer_size": REMEMBERED,
            "buffer_oldest_id": self.recent.front().map(|event| &event.id),
            "status": if seen.is_some() { "resumed" } else { "id_not_in_buffer" },
        });
        (Some(outcome), missed)
    }
}

/// Somebody who listens.
struct Listener {
    stores: Option<HashSet<String>>,
    waiting: VecDeque<Arc<Event>>,
    live: broadcast::Receiver<Arc<Event>>,
    heartbeat: Interval,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    /// The next event; `None` where the stream ends, because the hub stops or too much was missed.
    async fn next(&mut self, announcements: &Announcements) -> Option<Bytes> {
        if let Some(event) = self.waiting.pop_front() {
            return Some(event.text.clone());
        }
        loop {
            tokio::select! {
                event = self.live.recv() => {
                    let event = event.ok()?;
                    if event.is_for(self.stores.as_ref()) {
                        return Some(event.text.clone());
                    }
                }
                _ = self.heartbeat.tick() => return Some(announcements.heartbeat().text),
            }
        }
    }
}

async fn listen(
    State(hub): State<Arc<Hub>>,
    Query(mut query): Query,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let stores: HashSet<String> =
        query.texts("store").or(Vec::new()).into_iter().filter(|store| !store.is_empty()).collect();
    query.finish()?;
    let stores = (!stores.is_empty() && !stores.contains("all")).then_some(stores);
    let last = headers.get("last-event-id").and_then(|last| last.to_str().ok());
    let listener = hub.announcements.join(stores, last)?;
    let events = stream::unfold((listener, hub), async |(mut listener, hub)| {
        let text = listener.next(&hub.announcements).await?;
        Some((Ok::<_, Infallible>(text), (listener, hub)))
    });
    let headers = [
        (CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(events)).into_response())
}
