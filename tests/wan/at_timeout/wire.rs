//! What the wire says of a run: how the server ended its connections.

use std::collections::BTreeMap;

use crate::lab::{Packet, Way};

/// More than a TLS alert, and less than any request or answer.
const ALERT: usize = 40;

/// How many connections ended in a way that proves nothing of a request, which was not answered.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WithoutProof {
    /// The server's kernel acknowledged it by its FIN, or before. `HAProxy` reads what has arrived, and throws it away, before it
    /// closes.
    pub(super) acknowledged_by_the_fin: usize,
    /// It did later: it lingers, half-closed.
    pub(super) acknowledged_later: usize,
    /// There was no FIN. A kernel whose program closes a connection on which a request has arrived and was not read resets it; over
    /// TLS its `close_notify` may come first.
    pub(super) without_fin: usize,
}

impl WithoutProof {
    pub(super) fn of(packets: &[Packet]) -> Self {
        let mut connections = BTreeMap::<_, Vec<Vec<&Packet>>>::new();
        for packet in packets {
            let of_ports = connections.entry((packet.here, packet.inside)).or_default();
            // Ports are used again.
            if of_ports.is_empty() || packet.way == Way::In && is_set(packet, "SYN") {
                of_ports.push(Vec::new());
            }
            of_ports.last_mut().unwrap().push(packet);
        }
        let mut counted = Self::default();
        for packets in connections.values().flatten() {
            counted.count(packets);
        }
        counted
    }

    pub(super) fn all(&self) -> usize {
        self.acknowledged_by_the_fin + self.acknowledged_later + self.without_fin
    }

    fn count(&mut self, packets: &[&Packet]) {
        let Some(end) = end_of_unanswered(packets) else {
            return;
        };
        // What a RST says is counted by nobody.
        let said = |packet: &&&Packet| packet.way == Way::Out && !is_set(packet, "RST");
        let mut said_of_request = packets.iter().filter(said);
        let mut said_of_end = packets.iter().filter(said);
        let acknowledged = said_of_request
            .position(|packet| packet.acknowledged.is_some_and(|next| next as usize >= end));
        let fin = said_of_end.position(|packet| is_set(packet, "FIN"));
        match (fin, acknowledged) {
            (None, _) => self.without_fin += 1,
            (Some(fin), Some(at)) if at <= fin => self.acknowledged_by_the_fin += 1,
            (Some(_), Some(_)) => self.acknowledged_later += 1,
            (Some(_), None) => {}
        }
    }
}

fn is_set(packet: &Packet, flag: &str) -> bool {
    packet.flags.split(' ').any(|set| set == flag)
}

/// Where the last request ends in the stream, unless it was answered.
fn end_of_unanswered(packets: &[&Packet]) -> Option<usize> {
    let last = packets
        .iter()
        .rposition(|packet| packet.way == Way::In && packet.length > ALERT)?;
    let request = packets.get(last)?;
    let mut since = packets.iter().skip(last);
    let is_answered = since.any(|packet| packet.way == Way::Out && packet.length > ALERT);
    (!is_answered).then(|| request.sequence as usize + request.length)
}
