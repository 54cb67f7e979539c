//! What the wire says of a run: how the server ended its connections.

use std::collections::BTreeMap;

use crate::lab::{Packet, Way};

/// More than a TLS alert, and less than any request or answer.
const ALERT: usize = 40;

/// How many connections ended in a way that proves nothing of a request, which was not answered:
///
/// - The server's kernel acknowledged it. `HAProxy` reads what has arrived, and throws it away, before it closes.
/// - There was no FIN. A kernel whose program closes a connection on which a request has arrived and was not read resets it; over
///   TLS its `close_notify` may come first.
pub(super) fn ended_without_proof(packets: &[Packet]) -> usize {
    let mut connections = BTreeMap::<_, Vec<Vec<&Packet>>>::new();
    for packet in packets {
        let of_ports = connections.entry((packet.here, packet.inside)).or_default();
        // Ports are used again.
        if of_ports.is_empty() || packet.way == Way::In && is_set(packet, "SYN") {
            of_ports.push(Vec::new());
        }
        of_ports.last_mut().unwrap().push(packet);
    }
    let connections = connections.values().flatten();
    let without_proof = connections.filter(|packets| is_without_proof(packets));
    without_proof.count()
}

fn is_set(packet: &Packet, flag: &str) -> bool {
    packet.flags.split(' ').any(|set| set == flag)
}

fn is_without_proof(packets: &[&Packet]) -> bool {
    let last = packets
        .iter()
        .rposition(|packet| packet.way == Way::In && packet.length > ALERT);
    let Some((last, request)) = last.and_then(|at| Some((at, packets.get(at)?))) else {
        return false;
    };
    let out = || packets.iter().filter(|packet| packet.way == Way::Out);
    let since = packets.iter().skip(last);
    if since
        .clone()
        .any(|packet| packet.way == Way::Out && packet.length > ALERT)
    {
        return false;
    }
    let end = request.sequence as usize + request.length;
    // What a RST says is counted by nobody.
    let is_acknowledged = out()
        .filter(|packet| !is_set(packet, "RST"))
        .any(|packet| packet.acknowledged.is_some_and(|next| next as usize >= end));
    is_acknowledged || !out().any(|packet| is_set(packet, "FIN"))
}
