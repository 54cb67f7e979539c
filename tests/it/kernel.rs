//! The kernel's own list of this machine's TCP sockets, cut down to those of one peer.
//!
//! Apart from the peer because it tells what neither side does: whether a FIN or a RST has arrived at the client while
//! its runtime sees nothing. Invariant: it only looks; every wait is for a condition, with a bound.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

/// How long a condition may take to come true.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is looked at.
const STEP: Duration = Duration::from_millis(1);

const ESTABLISHED: u8 = 1;
const FIN_WAIT_2: u8 = 5;
const TIME_WAIT: u8 = 6;
const CLOSE_WAIT: u8 = 8;
const LISTEN: u8 = 10;

/// One socket as `/proc/net/tcp` tells of it.
#[derive(Clone, Copy, Debug)]
struct Socket {
    local: u16,
    remote: u16,
    state: u8,
    /// 0 once no descriptor belongs to it any more.
    inode: u64,
}

/// How many sockets connected to this peer are open on both sides, as the client's kernel knows.
pub fn established(peer: SocketAddr) -> usize {
    clients(peer, ESTABLISHED)
}

/// How many sockets connected to this peer have its FIN, and are still open on our side.
pub fn half_closed(peer: SocketAddr) -> usize {
    clients(peer, CLOSE_WAIT)
}

/// How many sockets connected to this peer are being closed, and may still send.
pub fn closing(peer: SocketAddr) -> usize {
    let is_over = |state| [ESTABLISHED, TIME_WAIT].contains(&state);
    sockets(peer)
        .filter(|socket| socket.remote == peer.port() && !is_over(socket.state))
        .count()
}

/// How many sockets the peer had half-closed and has closed since, while the client's side is still open.
pub fn given_up(peer: SocketAddr) -> usize {
    sockets(peer)
        .filter(|socket| socket.local == peer.port())
        .filter(|socket| socket.state == FIN_WAIT_2 && socket.inode == 0)
        .count()
}

/// How many of its accepted sockets the peer still holds.
pub fn served(peer: SocketAddr) -> usize {
    sockets(peer)
        .filter(|socket| socket.local == peer.port() && socket.state != LISTEN && socket.inode != 0)
        .count()
}

/// Blocks the thread, and the runtime on it, until the condition is true.
pub fn block_until(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "never came true: {what}");
        std::thread::park_timeout(STEP);
    }
}

/// Waits until the condition is true, while the runtime works on. Not for a paused clock.
pub async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "never came true: {what}");
        tokio::time::sleep(STEP).await;
    }
}

fn clients(peer: SocketAddr, state: u8) -> usize {
    sockets(peer)
        .filter(|socket| socket.remote == peer.port() && socket.state == state)
        .count()
}

fn sockets(peer: SocketAddr) -> impl Iterator<Item = Socket> {
    // The list is long after many tests: a connection that was closed stays in it for a minute.
    let port = format!(":{:04X} ", peer.port());
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .into_iter()
        // Without IPv6 there is no second list.
        .filter_map(|list| std::fs::read_to_string(list).ok())
        .flat_map(move |list| {
            let lines = list.lines().filter(|line| line.contains(&port));
            lines.map(parse).collect::<Vec<_>>()
        })
}

fn parse(line: &str) -> Socket {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let port = |field: &str| {
        let (_, port) = field.rsplit_once(':').unwrap();
        u16::from_str_radix(port, 16).unwrap()
    };
    Socket {
        local: port(fields[1]),
        remote: port(fields[2]),
        state: u8::from_str_radix(fields[3], 16).unwrap(),
        inode: fields[9].parse().unwrap(),
    }
}
