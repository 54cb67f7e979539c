//! What the threads of a link and its user share: both ways, and the recording.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Way;
use super::conditions::Conditions;
use super::lane::{Counters, Lane, Moment};
use super::packet::{Packet, Recording};

const IPV4: u8 = 4;

#[derive(Debug)]
pub(super) struct State {
    ways: [Lane; 2],
    recording: Option<Recording>,
}

impl State {
    pub(super) fn new(conditions: Conditions, seed: u64) -> Self {
        Self {
            // The seeds differ, or both ways would lose the same packets.
            ways: [seed, !seed].map(|seed| Lane::new(conditions, seed)),
            recording: None,
        }
    }

    pub(super) fn set(&mut self, way: Way, conditions: Conditions) {
        self.lane(way).set(conditions);
    }

    pub(super) fn open(&mut self, way: Way) {
        self.lane(way).open();
    }

    pub(super) fn shut(&mut self, way: Way) {
        let caught = self.lane(way).shut();
        if let Some(recording) = &mut self.recording {
            recording.swallowed(way, &caught);
        }
    }

    pub(super) fn counters(&self, way: Way) -> Counters {
        let [inward, outward] = &self.ways;
        match way {
            Way::In => inward.counters(),
            Way::Out => outward.counters(),
        }
    }

    pub(super) fn record(&mut self) {
        self.recording = Some(Recording::begin(Moment::now()));
    }

    pub(super) fn recorded(&self) -> Vec<Packet> {
        let recording = self.recording.as_ref();
        recording.map_or_else(Vec::new, |recording| recording.packets().to_vec())
    }

    /// A packet is sent. What is not IPv4 (a new device looks for neighbours over IPv6) goes nowhere, and is not counted.
    pub(super) fn enter(&mut self, way: Way, packet: &[u8], now: Moment) {
        if packet.first().is_none_or(|first| first >> 4 != IPV4) {
            return;
        }
        let lane = self.lane(way);
        let number = lane.counters().entered;
        let fate = lane.enter(packet, now);
        if let Some(recording) = &mut self.recording {
            recording.note(way, packet, now, (number, fate));
        }
    }

    /// The next packet that is to be delivered by now.
    pub(super) fn leave(&mut self, way: Way, now: Moment) -> Option<Vec<u8>> {
        self.lane(way).leave(now)
    }

    pub(super) fn next_due(&mut self, way: Way) -> Option<Moment> {
        self.lane(way).next_due()
    }

    fn lane(&mut self, way: Way) -> &mut Lane {
        let [inward, outward] = &mut self.ways;
        match way {
            Way::In => inward,
            Way::Out => outward,
        }
    }
}

/// Whoever panicked has failed the test already; the packets go on.
pub(super) fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
