//! Sockets that somebody else owns, on loopback: found whatever else is open, told of at their end, and closed for good.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::SockRef;

use super::{Ends, Foreign, LastRead, Outlook};
use crate::evidence::{GateReason, SecondLook};

const BY_PEER: Outlook = Outlook::Sealed(GateReason::HalfClosed);

/// A connection: its owner's side, and the peer's.
fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    ours.set_nonblocking(true).unwrap();
    (ours, listener.accept().unwrap().0)
}

fn find(ends: &Ends, ours: &TcpStream, number: u64) -> Option<Foreign> {
    let (local, remote) = (ours.local_addr().unwrap(), ours.peer_addr().unwrap());
    ends.find(local, remote, None, number)
}

/// Waits until the end is in the kernel: of all numbers that come, these.
fn arrived(ends: &Ends, expected: &[u64]) {
    let mut numbers = Vec::new();
    for _ in 0..10_000 {
        numbers.extend(ends.arrived());
        if numbers.len() >= expected.len() {
            break;
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
    numbers.sort_unstable();
    assert_eq!(numbers, expected);
}

fn exchange(ours: &mut TcpStream, peer: &mut TcpStream, bytes: &[u8]) {
    ours.write_all(bytes).unwrap();
    peer.read_exact(&mut vec![0; bytes.len()]).unwrap();
    peer.write_all(bytes).unwrap();
    ours.set_nonblocking(false).unwrap();
    ours.read_exact(&mut vec![0; bytes.len()]).unwrap();
    ours.set_nonblocking(true).unwrap();
}

#[test]
fn an_end_is_told_once_and_the_socket_closed_for_good() {
    let ends = Ends::new().unwrap();
    let (mut ours, peer) = connection();
    let socket = find(&ends, &ours, 7).unwrap();
    arrived(&ends, &[]);
    assert_eq!(socket.close_if_ended(), Outlook::Open);
    ours.write_all(b"a").unwrap();
    drop(peer);
    arrived(&ends, &[7]);
    arrived(&ends, &[]);
}

#[test]
fn nothing_is_written_to_a_socket_that_was_closed_for_good() {
    let ends = Ends::new().unwrap();
    let (mut ours, mut peer) = connection();
    let socket = find(&ends, &ours, 7).unwrap();
    exchange(&mut ours, &mut peer, b"warm");
    peer.shutdown(Shutdown::Write).unwrap();
    arrived(&ends, &[7]);
    assert_eq!(socket.close_if_ended(), BY_PEER);
    assert_eq!(
        ours.write(b"a").unwrap_err().kind(),
        std::io::ErrorKind::BrokenPipe
    );
    let mut rest = Vec::new();
    peer.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"");
    assert_eq!(socket.close_if_ended(), Outlook::Sealed(GateReason::Closed));
}

#[test]
fn a_socket_on_which_something_lies_unread_is_left_alone() {
    let ends = Ends::new().unwrap();
    let (mut ours, mut peer) = connection();
    let socket = find(&ends, &ours, 7).unwrap();
    peer.write_all(b"answer").unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    arrived(&ends, &[7]);
    assert_eq!(socket.close_if_ended(), Outlook::Open);
    ours.write_all(b"the rest of an upload").unwrap();
    ours.read_exact(&mut [0; 6]).unwrap();
    assert_eq!(socket.close_if_ended(), BY_PEER);
}

#[test]
fn what_tls_says_before_the_end_is_no_answer() {
    let of = |kind: u8, length: u8| {
        let mut record = vec![kind, 3, 3, 0, length];
        record.extend(vec![0; usize::from(length)]);
        record
    };
    for (bytes, outlook) in [
        (of(21, 26), BY_PEER),
        (of(23, 19), BY_PEER),
        (of(21, 2), BY_PEER),
        (of(23, 40), Outlook::Open),
        ([of(23, 40), of(23, 19)].concat(), Outlook::Open),
        ([of(23, 19), of(23, 19)].concat(), Outlook::Open),
        (of(23, 19)[..20].to_vec(), Outlook::Open),
    ] {
        let ends = Ends::new().unwrap();
        let (ours, mut peer) = connection();
        let socket = find(&ends, &ours, 7).unwrap();
        peer.write_all(&bytes).unwrap();
        drop(peer);
        arrived(&ends, &[7]);
        assert_eq!(socket.close_if_ended(), outlook, "{bytes:?}");
    }
}

#[test]
fn a_socket_that_was_reset_can_write_no_more() {
    let ends = Ends::new().unwrap();
    let (mut ours, peer) = connection();
    let socket = find(&ends, &ours, 7).unwrap();
    ours.write_all(b"unread").unwrap();
    drop(peer);
    arrived(&ends, &[7]);
    // A RST alone: the peer had something unread.
    assert_eq!(socket.close_if_ended(), Outlook::Sealed(GateReason::Closed));
}

#[test]
fn nothing_is_held_open_and_the_owners_close_is_the_end() {
    let ends = Ends::new().unwrap();
    let (ours, mut peer) = connection();
    let socket = find(&ends, &ours, 7).unwrap();
    drop(ours);
    assert_eq!(peer.read(&mut [0; 1]).unwrap(), 0);
    assert_eq!(socket.close_if_ended(), Outlook::Gone);
    drop(peer);
    arrived(&ends, &[]);
}

#[test]
fn another_socket_of_the_same_number_is_not_touched() {
    let ends = Ends::new().unwrap();
    let (ours, peer) = connection();
    let socket = find(&ends, &ours, 7).unwrap();
    drop((ours, peer));
    // Whoever takes the number now: one of many, for other tests open and close as well.
    let others: Vec<_> = (0..50).map(|_| connection()).collect();
    assert_eq!(socket.close_if_ended(), Outlook::Gone);
    assert!(socket.hold().is_none());
    for (mut ours, mut peer) in others {
        exchange(&mut ours, &mut peer, b"alive");
    }
}

/// Makes room for thousands of descriptors, as programs do that have them.
fn raise_the_limit() {
    let most = getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit {
        current: most,
        maximum: most,
    };
    setrlimit(Resource::Nofile, raised).unwrap();
}

#[test]
fn a_socket_is_found_among_thousands_of_descriptors_with_holes_between_them() {
    let this = "conn::foreign::tests::a_socket_is_found_among_thousands_of_descriptors_with_holes_between_them";
    // In a process of its own: in this one the other tests take numbers, and would have these thousands before theirs.
    let alone = "UNSTALE_ALONE";
    if std::env::var_os(alone).is_none() {
        let mut test = Command::new(std::env::current_exe().unwrap());
        let run = test
            .args(["--exact", this])
            .env(alone, "")
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&run.stdout);
        assert!(
            run.status.success() && printed.contains("1 passed"),
            "{run:?}"
        );
        return;
    }
    raise_the_limit();
    let ends = Ends::new().unwrap();
    let mut files: Vec<Option<File>> = (0..4_000)
        .map(|_| Some(File::open("/dev/null").unwrap()))
        .collect();
    for n in [5, 200, 590, 2_500, 3_990] {
        files[n] = None;
    }
    for n in 0..6 {
        let hint = ends.hint();
        let (ours, _peer) = connection();
        let (local, remote) = (ours.local_addr().unwrap(), ours.peer_addr().unwrap());
        let found = ends.find(local, remote, hint, n);
        assert!(found.is_some(), "{n}");
    }
}

/// Holds an idle connection, and writes a request on it.
fn lost(ends: &Ends, pieces: &[&[u8]]) -> (super::Held, TcpStream, TcpStream) {
    let (mut ours, mut peer) = connection();
    ours.set_nodelay(true).unwrap();
    let socket = find(ends, &ours, 7).unwrap();
    exchange(&mut ours, &mut peer, b"warm");
    let held = socket.hold().expect("it is idle");
    for piece in pieces {
        ours.write_all(piece).unwrap();
    }
    (held, ours, peer)
}

/// Reads the end, as its owner does, and closes.
fn read_end(mut ours: TcpStream) {
    ours.set_nonblocking(false).unwrap();
    assert_eq!(ours.read(&mut [0; 1]).unwrap(), 0);
    // On loopback the RST is here already.
    let _ = ours.shutdown(Shutdown::Write);
}

/// As [`lost`], where the peer closes before the request comes, and its FIN is in the kernel.
async fn crossed(ends: &Ends, pieces: &[&[u8]]) -> super::Found {
    let (held, mut ours, peer) = lost(ends, &[]);
    drop(peer);
    arrived(ends, &[7]);
    for piece in pieces {
        ours.write_all(piece).unwrap();
    }
    read_end(ours);
    held.ask(LastRead::End).await.unwrap()
}

#[tokio::test]
async fn what_met_a_closed_socket_is_proved_lost() {
    let ends = Ends::new().unwrap();
    let found = crossed(&ends, &[b"request"]).await;
    assert_eq!(found.look, SecondLook::NeverAcknowledged);
    assert_eq!((found.sent, found.acknowledged, found.received), (7, 0, 0));
}

#[tokio::test]
async fn a_half_close_that_reads_on_is_no_proof() {
    let ends = Ends::new().unwrap();
    let (held, mut ours, mut peer) = lost(&ends, &[]);
    peer.shutdown(Shutdown::Write).unwrap();
    arrived(&ends, &[7]);
    ours.write_all(b"request").unwrap();
    peer.read_exact(&mut [0; 7]).unwrap();
    // All within the time in which an acknowledgement is held back, as far as the machine is fast enough.
    drop(peer);
    read_end(ours);
    let found = held.ask(LastRead::End).await.unwrap();
    assert_eq!(found.look, SecondLook::Undecided);
}

#[tokio::test]
async fn a_connection_that_is_not_idle_is_not_held() {
    let ends = Ends::new().unwrap();
    let (mut ours, mut peer) = connection();
    let socket = find(&ends, &ours, 7).unwrap();
    exchange(&mut ours, &mut peer, b"warm");
    assert!(socket.hold().is_some());
    drop(peer);
    arrived(&ends, &[7]);
    assert!(socket.hold().is_none());
}

#[tokio::test]
async fn what_a_peer_has_taken_is_not_proved_lost() {
    let ends = Ends::new().unwrap();
    let (held, ours, mut peer) = lost(&ends, &[b"request"]);
    peer.read_exact(&mut [0; 7]).unwrap();
    drop(peer);
    read_end(ours);
    let found = held.ask(LastRead::End).await.unwrap();
    assert_eq!(found.look, SecondLook::Undecided);
    assert_eq!((found.sent, found.acknowledged, found.received), (7, 7, 0));
}

#[tokio::test]
async fn what_was_written_in_two_pieces_is_not_proved_lost() {
    let ends = Ends::new().unwrap();
    let (held, ours, peer) = lost(&ends, &[b"one", b"two"]);
    peer.shutdown(Shutdown::Write).unwrap();
    read_end(ours);
    let found = held.ask(LastRead::End).await.unwrap();
    assert_eq!(found.look, SecondLook::NotPossible);
    assert_eq!(found.sent, 6);
}

#[tokio::test]
async fn a_part_of_a_response_is_counted_and_the_end_is_not() {
    let ends = Ends::new().unwrap();
    let (held, mut ours, mut peer) = lost(&ends, &[b"request"]);
    peer.read_exact(&mut [0; 7]).unwrap();
    peer.write_all(b"HTTP").unwrap();
    drop(peer);
    ours.set_nonblocking(false).unwrap();
    ours.read_exact(&mut [0; 4]).unwrap();
    read_end(ours);
    assert_eq!(held.ask(LastRead::End).await.unwrap().received, 4);
}

#[tokio::test]
async fn before_a_reset_every_byte_is_one_of_a_response() {
    let ends = Ends::new().unwrap();
    let (held, mut ours, mut peer) = lost(&ends, &[b"request"]);
    peer.read_exact(&mut [0; 7]).unwrap();
    peer.write_all(b"H").unwrap();
    SockRef::from(&peer)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
    drop(peer);
    ours.set_nonblocking(false).unwrap();
    ours.read_exact(&mut [0; 1]).unwrap();
    let end = ours.read(&mut [0; 1]).unwrap_err();
    assert_eq!(end.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(held.ask(LastRead::Reset).await.unwrap().received, 1);
}

#[tokio::test]
async fn once_it_was_asked_the_connection_is_aborted() {
    let ends = Ends::new().unwrap();
    let (held, ours, mut peer) = lost(&ends, &[b"request"]);
    held.ask(LastRead::Unknown).await.unwrap();
    // Its owner has not closed it, and nothing of it is sent any more.
    peer.read_exact(&mut [0; 7]).unwrap();
    let end = peer.read(&mut [0; 1]).unwrap_err();
    assert_eq!(end.kind(), std::io::ErrorKind::ConnectionReset);
    drop(ours);
}
