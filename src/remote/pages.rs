//! Reading a server that has no baseline: its listing page by page, and one memory at a time.
//!
//! The listing is cut anew for each page, newest first, so that while others write a memory may come twice
//! or be missed. Names seen before are dropped, and where the number of memories does not agree with the
//! server's own count, or that count moved, the listing is read again.
//!
//! Where a memory's times are missing or contradict each other the service shows the present moment, another
//! one each time. So a time that is later than the server's answer before is asked for twice, and where it
//! moved it is none.

use std::collections::HashSet;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::address;
use super::client::Client;
use super::failure::{Failure, describe, quote};
use super::record::{Record, Row, name_in};
use crate::object::{Bookkeeping, ContentHash, Timestamp, json};
use crate::planted::{self, Mistake};
use crate::side::Found;

/// The most memories that the service puts on one page. Its parts (10, 1) divide it, so that a page that
/// fails can be fetched in smaller ones.
const PAGE_SIZE: u64 = 100;

/// How many pages are asked for at once. The service makes them one after the other, each from its whole
/// table, so that more would only wait for each other until their time is up; two hide the network's delay.
const PAGES_IN_FLIGHT: usize = 2;

/// How often the listing is read at most before what was seen is taken as it is.
const MOST_READINGS: usize = 5;

/// What one entry of the listing turned out to be.
pub(super) type Entry = Result<Record, (Option<ContentHash>, String)>;

#[derive(Deserialize)]
struct Page {
    memories: Vec<Box<RawValue>>,
    total: u64,
}

/// A listing that is being read.
pub(super) struct Listing<'a> {
    client: &'a Client,
    bookkeeping: &'a Bookkeeping,
    /// The number of the next page, from 1.
    next: u64,
    /// The names seen in this reading, and how many entries could not be read.
    seen: HashSet<ContentHash>,
    damaged: u64,
    /// The server's counts in this reading: the first, and whether another was given later.
    total: Option<u64>,
    moved: bool,
    readings: usize,
    /// How many were seen of how many by the reading before.
    before: Option<(u64, u64)>,
}

impl<'a> Listing<'a> {
    pub(super) fn new(client: &'a Client, bookkeeping: &'a Bookkeeping) -> Self {
        Self {
            client,
            bookkeeping,
            next: 1,
            seen: HashSet::new(),
            damaged: 0,
            total: None,
            moved: false,
            readings: 1,
            before: None,
        }
    }

    /// The next entries; `None` at the end. Entries of an earlier reading come again.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Entry>>, Failure> {
        let (first, wanted) = match self.total {
            None => (1, 1),
            Some(total) => {
                let left = total.div_ceil(PAGE_SIZE).saturating_sub(self.next - 1);
                (self.next, left.min(PAGES_IN_FLIGHT as u64))
            }
        };
        if wanted == 0 {
            return Ok(if self.read_again() { Some(Vec::new()) } else { None });
        }
        let pages: Vec<_> = stream::iter(first..first + wanted)
            .map(|number| self.page(number, PAGE_SIZE))
            .buffered(PAGES_IN_FLIGHT)
            .try_collect()
            .await?;
        self.next = first + wanted;
        let mut entries = Vec::new();
        for (total, page) in pages {
            if let Some(total) = total {
                self.moved |= *self.total.get_or_insert(total) != total;
            }
            entries.extend(page);
        }
        self.total.get_or_insert(0);
        for entry in &entries {
            match entry {
                Ok(record) => drop(self.seen.insert(record.held.key.clone())),
                Err(_) => self.damaged += 1,
            }
        }
        Ok(Some(entries))
    }

    /// Whether the server counts memories that it did not show.
    pub(super) fn hides_some(&self) -> bool {
        if planted::makes(Mistake::TrustThePageCount) {
            return false;
        }
        self.total.unwrap_or(0) > self.seen.len() as u64 + self.damaged
    }

    /// Starts another reading where this one may have missed something.
    fn read_again(&mut self) -> bool {
        if planted::makes(Mistake::TrustThePageCount) {
            return false;
        }
        let counts = (self.seen.len() as u64 + self.damaged, self.total.unwrap_or(0));
        let complete = !self.moved && counts.0 == counts.1;
        // The same gap twice is no drift: the server counts rows that it cannot show.
        let steady = !self.moved && self.before == Some(counts);
        if complete || steady || self.readings >= MOST_READINGS {
            return false;
        }
        tracing::debug!(seen = counts.0, total = counts.1, "the listing moved, reading it again");
        self.seen.clear();
        (self.next, self.damaged, self.total, self.moved) = (1, 0, None, false);
        self.readings += 1;
        self.before = Some(counts);
        true
    }

    /// Fetches one page: the server's count of all memories, and the page's entries. A page that the server
    /// fails on is fetched in parts, down to the one memory that it cannot show.
    async fn page(&self, number: u64, size: u64) -> Result<(Option<u64>, Vec<Entry>), Failure> {
        let endpoint = format!("/api/memories?page={number}&page_size={size}&store=all");
        let before = self.client.server_time();
        match self.client.get::<Page>(&endpoint).await {
            Ok(page) => {
                let mut entries = Vec::with_capacity(page.memories.len());
                for item in page.memories {
                    entries.push(match decode(&item, self.bookkeeping) {
                        Ok(record) => Ok(self.steady(record, before).await?),
                        unreadable => unreadable,
                    });
                }
                Ok((Some(page.total), entries))
            }
            Err(failure) if failure.status() == Some(StatusCode::INTERNAL_SERVER_ERROR) && size > 1 => {
                self.page_in_parts(number, size, failure).await
            }
            Err(failure) => Err(failure),
        }
    }

    async fn steady(&self, record: Record, before: Option<Timestamp>) -> Result<Record, Failure> {
        if !record.is_from_after(before) {
            return Ok(record);
        }
        match get_one(self.client, &record.held.key, self.bookkeeping).await? {
            Some(Row::Live(asked)) => Ok(*asked),
            // It went, or cannot be asked about: what was seen is what there was.
            _ => Ok(record),
        }
    }

    async fn page_in_parts(
        &self,
        number: u64,
        size: u64,
        failure: Failure,
    ) -> Result<(Option<u64>, Vec<Entry>), Failure> {
        let (size, first) = (size / 10, (number - 1) * 10 + 1);
        let mut total = None;
        let mut entries = Vec::new();
        let mut failed = 0;
        for part in first..first + 10 {
            match Box::pin(self.page(part, size)).await {
                Ok((count, page)) => {
                    total = total.or(count);
                    entries.extend(page);
                }
                Err(failure) if failure.status() == Some(StatusCode::INTERNAL_SERVER_ERROR) => {
                    failed += 1;
                    entries.push(Err((None, format!("the server cannot show it: {}", describe(&failure)))));
                }
                Err(failure) => return Err(failure),
            }
        }
        // Where no part can be had it is the server that fails, not a memory.
        if failed == 10 { Err(failure) } else { Ok((total, entries)) }
    }
}

/// What the body of a page of the listing holds, and how many memories the server counts in all. An error says what
/// is wrong with the whole.
#[doc(hidden)] // For the fuzzers.
pub fn read_page(body: &[u8], bookkeeping: &Bookkeeping) -> Result<(Vec<Found>, u64), String> {
    let page: Page = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    Ok((page.memories.iter().map(|item| found(decode(item, bookkeeping))).collect(), page.total))
}

/// An entry as the port shows it.
pub(super) fn found(entry: Entry) -> Found {
    match entry {
        Ok(record) => Found::Memory(record.held),
        Err((key, why)) => Found::Unreadable { key, why },
    }
}

/// The memory that an item of the REST API shows.
pub(super) fn decode(item: &RawValue, bookkeeping: &Bookkeeping) -> Entry {
    let record = json::parse(item.get())
        .map_err(|error| error.to_string())
        .and_then(|item| Record::decode(item, bookkeeping));
    record.map_err(|why| (name_in(item), quote(&why)))
}

/// Asks for one memory. `None` where the server says that it is not there.
pub(super) async fn get_one(
    client: &Client,
    key: &ContentHash,
    bookkeeping: &Bookkeeping,
) -> Result<Option<Row>, Failure> {
    let Some(endpoint) = address::memory_endpoint(key) else {
        let why = "the server cannot be asked about a memory of this name".to_owned();
        return Ok(Some(Row::Unreadable(why)));
    };
    let endpoint = format!("{endpoint}?store=all");
    let before = client.server_time();
    match client.get::<Box<RawValue>>(&endpoint).await {
        Ok(item) => Ok(Some(match decode(&item, bookkeeping) {
            Ok(mut record) if record.held.key == *key => {
                if record.is_from_after(before) {
                    match client.get::<Box<RawValue>>(&endpoint).await {
                        Ok(again) => record.agree_on_time(decode(&again, bookkeeping).ok().as_ref()),
                        Err(failure) if failure.status().is_some() => {}
                        Err(failure) => return Err(failure),
                    }
                }
                Row::Live(Box::new(record))
            }
            Ok(_) => Row::Unreadable("the server answered with another memory".to_owned()),
            Err((_, why)) => Row::Unreadable(why),
        })),
        Err(failure) => match failure.status() {
            Some(StatusCode::NOT_FOUND) => Ok(None),
            Some(StatusCode::INTERNAL_SERVER_ERROR) => {
                Ok(Some(Row::Unreadable(format!("the server cannot show it: {}", describe(&failure)))))
            }
            _ => Err(failure),
        },
    }
}
