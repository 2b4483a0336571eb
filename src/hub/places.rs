//! Who may connect: so many in all, and so many from one address.
//!
//! Guarantees: one address of another device never takes all places. However many are refused, the log says so
//! once, until half of the places are free again.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many connections may be open: fewer than the files that a process may have open, which is often 1024.
const ALL: usize = 512;

/// How many of them may come from one address. This device's own are not counted: a proxy on it brings everybody.
const PER_PEER: usize = 64;

/// The places for connections.
#[derive(Default)]
pub(super) struct Places(Mutex<Crowds>);

#[derive(Default)]
struct Crowds {
    all: Crowd,
    peers: HashMap<IpAddr, Crowd>,
}

#[derive(Default)]
struct Crowd {
    open: usize,
    /// Whether the log says already that there are too many.
    is_told: bool,
}

impl Crowd {
    /// Whether there is room for one more; the first refusal is told.
    fn has_room(&mut self, limit: usize, refusal: impl FnOnce()) -> bool {
        let has_room = self.open < limit;
        if !has_room && !std::mem::replace(&mut self.is_told, true) {
            refusal();
        }
        has_room
    }

    fn leave(&mut self, limit: usize) {
        self.open -= 1;
        self.is_told &= self.open > limit / 2;
    }
}

/// A place that is taken; it is free again once this is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    peer: IpAddr,
}

impl Places {
    /// Takes a place for a connection from `address`, where there is one.
    pub(super) fn take(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let peer = network(address);
        let mut crowds = self.crowds();
        let Crowds { all, peers } = &mut *crowds;
        if !all.has_room(ALL, || tracing::warn!("too many connections are open")) {
            return None;
        }
        let crowd = peers.entry(peer).or_default();
        let told = || tracing::warn!(peer = %address, "too many connections of one address are open");
        if !peer.is_loopback() && !crowd.has_room(PER_PEER, told) {
            return None;
        }
        crowd.open += 1;
        all.open += 1;
        Some(Place { places: Arc::clone(self), peer })
    }

    fn crowds(&self) -> MutexGuard<'_, Crowds> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut crowds = self.places.crowds();
        crowds.all.leave(ALL);
        if let Some(crowd) = crowds.peers.get_mut(&self.peer) {
            crowd.leave(PER_PEER);
            if crowd.open == 0 {
                crowds.peers.remove(&self.peer);
            }
        }
    }
}

/// What counts as one address: in IPv6 a device chooses the lower half of its own.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(places: &Arc<Places>, address: &str, count: usize) -> Vec<Place> {
        (0..count).map_while(|_| places.take(address.parse().unwrap())).collect()
    }

    #[test]
    fn one_address_has_its_share_and_this_device_what_is_left() {
        let places = Arc::<Places>::default();
        let mut one = take(&places, "192.0.2.1", 100);
        assert_eq!(one.len(), 64);
        assert!(take(&places, "::ffff:192.0.2.1", 1).is_empty(), "the same in other words");
        assert_eq!(take(&places, "192.0.2.2", 100).len(), 64);
        let six = take(&places, "2001:db8::1", 60);
        assert_eq!(take(&places, "2001:db8::2", 60).len(), 4);
        let rest = take(&places, "127.0.0.1", 1000);
        assert_eq!(rest.len(), 512 - 64 - 60);
        assert!(take(&places, "192.0.2.3", 1).is_empty());
        one.pop();
        assert_eq!(take(&places, "192.0.2.3", 2).len(), 1);
        drop((one, rest, six));
        assert!(places.crowds().peers.is_empty());
        assert_eq!(places.crowds().all.open, 0);
    }

    #[test]
    fn a_crowd_is_told_once_until_half_of_it_has_left() {
        let mut crowd = Crowd { open: 4, is_told: false };
        let mut told = 0;
        let mut knock = |crowd: &mut Crowd| crowd.has_room(4, || told += 1);
        assert!(!knock(&mut crowd) && !knock(&mut crowd));
        crowd.leave(4);
        crowd.open += 1;
        assert!(!knock(&mut crowd));
        crowd.leave(4);
        crowd.leave(4);
        crowd.open += 2;
        assert!(!knock(&mut crowd));
        assert_eq!(told, 2);
    }
}
