//! The kernel's own list of this machine's TCP sockets, cut down to those of one peer.
//!
//! Apart from the peer because it tells what neither side does: whether a FIN or a RST has arrived at the client while
//! its runtime sees nothing. Invariant: it only looks; every wait is for a condition, with a bound.

use std::collections::HashSet;
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

/// How many of its sockets were closed by both sides in good order, half a minute ago at most.
pub fn parted(peer: SocketAddr) -> usize {
    sockets(peer)
        .filter(|socket| socket.local == peer.port() && socket.state == TIME_WAIT)
        .count()
}

/// How many of its accepted sockets the peer still holds.
pub fn served(peer: SocketAddr) -> usize {
    sockets(peer)
        .filter(|socket| socket.local == peer.port() && socket.state != LISTEN && socket.inode != 0)
        .count()
}

/// The sockets connected to some peers that a process holds, by their inodes: open, being opened, or half-closed.
#[allow(dead_code, reason = "for `tests/client`, which shares this file")]
#[derive(Debug, Default)]
pub struct Held {
    /// On the client's side.
    pub ours: HashSet<u64>,
    /// Of these, those that have the peer's FIN.
    pub half_closed: HashSet<u64>,
    /// On the peers' side, whatever the client has done with them since.
    pub theirs: HashSet<u64>,
}

/// What is held on either side, by one reading of the list.
#[allow(dead_code, reason = "for `tests/client`, which shares this file")]
pub fn held_all(peers: &[SocketAddr]) -> Held {
    let mut held = Held::default();
    let all = diag::sockets().unwrap_or_else(|_| listed());
    for socket in all.into_iter().filter(|socket| socket.inode != 0) {
        let is_of = |port| peers.iter().any(|peer| peer.port() == port);
        if is_of(socket.remote) {
            held.ours.insert(socket.inode);
            if socket.state == CLOSE_WAIT {
                held.half_closed.insert(socket.inode);
            }
        } else if is_of(socket.local) && socket.state != LISTEN {
            held.theirs.insert(socket.inode);
        }
    }
    held
}

/// How many sockets connected to this peer the client's side holds.
#[allow(dead_code, reason = "for `tests/client`, which shares this file")]
pub fn held(peer: SocketAddr) -> usize {
    held_all(&[peer]).ours.len()
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
    // The whole list is long after many tests: a connection that was closed stays in it for a minute.
    let port = peer.port();
    let all = diag::sockets().unwrap_or_else(|_| listed());
    all.into_iter()
        .filter(move |socket| socket.local == port || socket.remote == port)
}

/// The list as text: all of it, each time.
fn listed() -> Vec<Socket> {
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .into_iter()
        // Without IPv6 there is no second list.
        .filter_map(|list| std::fs::read_to_string(list).ok())
        .flat_map(|list| list.lines().skip(1).map(parse).collect::<Vec<_>>())
        .collect()
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

/// The same list by netlink (`sock_diag(7)`), without the sockets that are gone but for their names: a hundred times faster
/// when there are thousands of those.
mod diag {
    use std::io::{self, Read, Write};

    use socket2::{Domain, Protocol, Socket as RawSocket, Type};

    use super::{LISTEN, Socket, TIME_WAIT};

    const AF_NETLINK: i32 = 16;
    const NETLINK_SOCK_DIAG: i32 = 4;
    const SOCK_DIAG_BY_FAMILY: u16 = 20;
    const NLM_F_REQUEST_DUMP: u16 = 0x301;
    const NLMSG_ERROR: u16 = 2;
    const NLMSG_DONE: u16 = 3;
    const AF_INET: u8 = 2;
    const AF_INET6: u8 = 10;
    const IPPROTO_TCP: u8 = 6;
    /// Of `struct nlmsghdr`, and of `struct inet_diag_req_v2` behind it.
    const HEADER: usize = 16;
    const REQUEST: usize = HEADER + 56;

    pub(super) fn sockets() -> io::Result<Vec<Socket>> {
        let domain = Domain::from(AF_NETLINK);
        let protocol = Protocol::from(NETLINK_SOCK_DIAG);
        let mut socket = RawSocket::new(domain, Type::RAW, Some(protocol))?;
        let mut found = Vec::new();
        for family in [AF_INET, AF_INET6] {
            socket.write_all(&request(family))?;
            while answer(&mut socket, &mut found)? {}
        }
        Ok(found)
    }

    fn request(family: u8) -> [u8; REQUEST] {
        let states = !(1_u32 << TIME_WAIT | 1 << LISTEN);
        let mut request = [0; REQUEST];
        request[..4].copy_from_slice(&u32::try_from(REQUEST).unwrap().to_ne_bytes());
        request[4..6].copy_from_slice(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
        request[6..8].copy_from_slice(&NLM_F_REQUEST_DUMP.to_ne_bytes());
        request[HEADER] = family;
        request[HEADER + 1] = IPPROTO_TCP;
        request[HEADER + 4..HEADER + 8].copy_from_slice(&states.to_ne_bytes());
        request
    }

    /// One packet of messages. Returns whether more are to come.
    fn answer(socket: &mut RawSocket, found: &mut Vec<Socket>) -> io::Result<bool> {
        let mut packet = vec![0; 32 * 1024];
        let length = socket.read(&mut packet)?;
        let mut rest = &packet[..length];
        while rest.len() >= HEADER {
            let length = u32::from_ne_bytes(rest[..4].try_into().unwrap()) as usize;
            match u16::from_ne_bytes(rest[4..6].try_into().unwrap()) {
                NLMSG_DONE => return Ok(false),
                NLMSG_ERROR => return Err(io::ErrorKind::Unsupported.into()),
                _ => found.push(message(&rest[HEADER..length])),
            }
            rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
        Ok(true)
    }

    /// `struct inet_diag_msg`.
    fn message(bytes: &[u8]) -> Socket {
        let port = |at: usize| u16::from_be_bytes(bytes[at..at + 2].try_into().unwrap());
        Socket {
            local: port(4),
            remote: port(6),
            state: bytes[1],
            inode: u32::from_ne_bytes(bytes[68..72].try_into().unwrap()).into(),
        }
    }
}
