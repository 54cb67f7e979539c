//! Whether what a socket has sent has been acknowledged, by the kernel's own list: that of this thread's network.

use std::net::SocketAddr;

/// Whether everything that was sent by one socket to another is acknowledged.
pub(super) fn is_acknowledged(from: SocketAddr, to: SocketAddr) -> bool {
    let list = std::fs::read_to_string("/proc/thread-self/net/tcp").unwrap();
    let mut lines = list.lines().skip(1);
    lines.all(|line| !is_of(line, from, to) || waits_for_nothing(line))
}

fn is_of(line: &str, from: SocketAddr, to: SocketAddr) -> bool {
    let mut ports = line.split_whitespace().skip(1).map(|field| {
        let (_, port) = field.rsplit_once(':').unwrap();
        u16::from_str_radix(port, 16).unwrap()
    });
    ports.next() == Some(from.port()) && ports.next() == Some(to.port())
}

/// Whether `tx_queue` is empty: bytes that were written and are not acknowledged.
fn waits_for_nothing(line: &str) -> bool {
    let queues = line.split_whitespace().nth(4).unwrap();
    queues.starts_with("00000000:")
}
