//! What becomes of packets: how long they take, how many are lost, in which order they come.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use tokio::time::Instant;

use super::echo::{Echo, answer, send};
use super::{PATIENCE, short, until};
use crate::lab::{Conditions, Fate, Link, Way};

#[test]
#[ignore = "needs root: makes a network namespace and two TUN devices"]
fn the_round_trip_takes_what_was_set() {
    for round_trip in [20, 200].map(Duration::from_millis) {
        let link = Link::start(Conditions::round_trip(round_trip));
        let (_echo, socket) = Echo::over(&link);
        let trips = (0..5).map(|number| {
            let sent = Instant::now();
            send(&socket, number);
            assert_eq!(answer(&socket), Some(number));
            sent.elapsed()
        });
        let fastest = trips.min().unwrap();
        assert!(fastest >= round_trip, "{fastest:?}, faster than the link");
        // The fastest of five: a busy machine may be late with each of them.
        let allowed = round_trip + Duration::from_millis(100);
        assert!(fastest < allowed, "{fastest:?} instead of {round_trip:?}");
    }
}

#[test]
#[ignore = "needs root: makes a network namespace and two TUN devices"]
fn as_many_packets_are_lost_as_were_set_and_no_others() {
    const SENT: u16 = 4_000;
    // More at once would not fit into the socket of the echo.
    const AT_ONCE: u16 = 50;
    let link = short();
    let (echo, socket) = Echo::over(&link);
    link.set(Way::In, Conditions::delay(Duration::ZERO).with_loss(0.1));
    for number in 0..SENT {
        send(&socket, number);
        if number % AT_ONCE == AT_ONCE - 1 {
            until("all have arrived, or are lost", || {
                let counted = link.counters(Way::In);
                counted.entered == u64::from(number) + 1
                    && counted.passed + counted.lost == counted.entered
                    && echo.received().len() as u64 == counted.passed
            });
        }
    }
    let lost = link.counters(Way::In).lost;
    // Five standard deviations.
    assert!(lost.abs_diff(400) < 95, "{lost} of {SENT} at 10 %");
    assert_eq!(link.counters(Way::Out).lost, 0, "none was to be lost here");
}

#[test]
#[ignore = "needs root: makes a network namespace and two TUN devices"]
fn packets_overtake_those_that_are_held_back() {
    let link = short();
    let (echo, socket) = Echo::over(&link);
    let reordering = Conditions::delay(Duration::from_millis(1));
    link.set(
        Way::In,
        reordering.with_reordering(0.2, Duration::from_millis(50)),
    );
    let sent: Vec<u16> = (0..100).collect();
    for number in &sent {
        send(&socket, *number);
    }
    until("all have arrived", || echo.received().len() == sent.len());
    let mut received = echo.received();
    assert_ne!(received, sent);
    received.sort_unstable();
    assert_eq!(received, sent);
    assert_ne!(link.counters(Way::In).held_back, 0);
}

#[test]
#[ignore = "needs root: makes a network namespace and two TUN devices"]
fn what_passed_can_be_read() {
    let link = short();
    link.record();
    let listener = link.inside(|| TcpListener::bind((link.address(), 0)).unwrap());
    let mut here = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut there, _) = listener.accept().unwrap();
    here.write_all(b"hello").unwrap();
    there.read_exact(&mut [0; 5]).unwrap();
    drop(there);
    assert_eq!(here.read(&mut [0]).unwrap(), 0);
    let recorded = link.recorded();
    let seen: Vec<_> = recorded
        .iter()
        .filter(|packet| packet.length > 0 || packet.flags != "ACK")
        .map(|packet| {
            (
                packet.way,
                packet.flags.as_str(),
                packet.sequence,
                packet.length,
            )
        })
        .collect();
    let expected = [
        (Way::In, "SYN", 0, 0),
        (Way::Out, "SYN ACK", 0, 0),
        (Way::In, "PSH ACK", 1, 5),
        (Way::Out, "FIN ACK", 1, 0),
    ];
    assert_eq!(seen, expected, "{recorded:?}");
    let fin = recorded.iter().find(|packet| packet.flags == "FIN ACK");
    let told = fin.unwrap().to_string();
    assert!(told.ends_with("FIN ACK  seq 1 +0  ack 6"), "{told}");

    link.set(Way::In, Conditions::delay(PATIENCE));
    link.record();
    here.write_all(b"again").unwrap();
    until("it is on its way", || !link.recorded().is_empty());
    link.cut(Way::In);
    assert_eq!(link.recorded()[0].fate, Fate::Swallowed);
}
