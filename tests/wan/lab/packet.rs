//! What passed, as one would see it on the wire: for a person who wants to know in which order things happened.
//!
//! Apart from the way itself because it understands TCP, which the link does not.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use super::Way;
use super::lane::{Fate, Moment};

const TCP: u8 = 6;
const FLAGS: [(u8, &str); 5] = [
    (0x02, "SYN"),
    (0x01, "FIN"),
    (0x04, "RST"),
    (0x08, "PSH"),
    (0x10, "ACK"),
];

/// A TCP segment that was sent into the link. Its [`Display`](fmt::Display) is one line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Packet {
    /// Since the recording began, when it entered the link.
    pub at: Duration,
    pub way: Way,
    pub fate: Fate,
    /// The port on this side.
    pub here: u16,
    /// The port inside.
    pub inside: u16,
    /// Like `FIN ACK`.
    pub flags: String,
    /// The first byte's place in the stream; the SYN has 0.
    pub sequence: u32,
    /// The next byte that is expected from the other side; `None` without the flag ACK.
    pub acknowledged: Option<u32>,
    /// The bytes that it carries.
    pub length: usize,
    /// Which packet of its way it was, counted from 0.
    pub(super) number: u64,
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.at.as_secs_f64() * 1000.0;
        let arrow = match self.way {
            Way::In => "──▶",
            Way::Out => "◀──",
        };
        let (here, inside, flags) = (self.here, self.inside, &self.flags);
        write!(
            f,
            "{millis:9.1} ms  {here:5} {arrow} {inside:<5}  {flags:<7}"
        )?;
        write!(f, "  seq {} +{}", self.sequence, self.length)?;
        if let Some(acknowledged) = self.acknowledged {
            write!(f, "  ack {acknowledged}")?;
        }
        match self.fate {
            Fate::Passed => Ok(()),
            Fate::Lost => f.write_str("  lost"),
            Fate::Swallowed => f.write_str("  swallowed"),
        }
    }
}

/// Segments in the order in which they entered the link.
#[derive(Debug)]
pub(super) struct Recording {
    began: Moment,
    /// The sequence number of each direction's SYN, or of the first segment that was seen.
    first: HashMap<(Way, u16, u16), u32>,
    packets: Vec<Packet>,
}

impl Recording {
    pub(super) fn begin(now: Moment) -> Self {
        Self {
            began: now,
            first: HashMap::new(),
            packets: Vec::new(),
        }
    }

    pub(super) fn packets(&self) -> &[Packet] {
        &self.packets
    }

    /// Notes a segment, the n-th of its way, and what became of it. What is no TCP over IPv4 is left out.
    pub(super) fn note(&mut self, way: Way, packet: &[u8], now: Moment, (n, fate): (u64, Fate)) {
        if let Some(packet) = self.read(way, packet) {
            self.packets.push(Packet {
                at: now.saturating_duration_since(self.began),
                fate,
                number: n,
                ..packet
            });
        }
    }

    /// The switch has caught these on their way.
    pub(super) fn swallowed(&mut self, way: Way, numbers: &[u64]) {
        let of_this_way = self.packets.iter_mut().filter(|packet| packet.way == way);
        for packet in of_this_way.filter(|packet| numbers.contains(&packet.number)) {
            packet.fate = Fate::Swallowed;
        }
    }

    /// RFC 791 section 3.1 and RFC 9293 section 3.1.
    fn read(&mut self, way: Way, packet: &[u8]) -> Option<Packet> {
        let header = usize::from(packet.first()? & 0x0f) * 4;
        let total = usize::from(u16::from_be_bytes(bytes(packet, 2)?));
        let tcp = packet.get(header..total)?;
        if packet.get(9) != Some(&TCP) {
            return None;
        }
        let from = u16::from_be_bytes(bytes(tcp, 0)?);
        let to = u16::from_be_bytes(bytes(tcp, 2)?);
        let (here, inside) = match way {
            Way::In => (from, to),
            Way::Out => (to, from),
        };
        let sequence = u32::from_be_bytes(bytes(tcp, 4)?);
        let acknowledged = u32::from_be_bytes(bytes(tcp, 8)?);
        let [offset, flags] = bytes(tcp, 12)?;
        let set: Vec<&str> = FLAGS
            .iter()
            .filter_map(|(bit, name)| (flags & bit != 0).then_some(*name))
            .collect();
        if set.contains(&"SYN") {
            self.first.insert((way, here, inside), sequence);
        }
        let first = *self.first.entry((way, here, inside)).or_insert(sequence);
        let other = self.first.get(&(way.other(), here, inside));
        Some(Packet {
            at: Duration::ZERO,
            way,
            fate: Fate::Passed,
            here,
            inside,
            sequence: sequence.wrapping_sub(first),
            acknowledged: set
                .contains(&"ACK")
                .then(|| acknowledged.wrapping_sub(*other.unwrap_or(&acknowledged))),
            flags: set.join(" "),
            length: tcp.len().saturating_sub(usize::from(offset >> 4) * 4),
            number: 0,
        })
    }
}

fn bytes<const N: usize>(packet: &[u8], at: usize) -> Option<[u8; N]> {
    packet.get(at..at + N)?.try_into().ok()
}
