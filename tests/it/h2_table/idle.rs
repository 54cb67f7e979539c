//! What an idle connection comes to when its peer leaves: it is closed at once, by nobody's request.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use http::Method;
use tokio::runtime::Builder;
use unstale::Client;

use super::play::{COLUMNS, PATH, WIRES, builder, request, send};
use crate::kernel;
use crate::peer_h2::{Code, Peer2, Script2, Stream, Tls};
use crate::scenario::mode::{Flavour, Mode};

/// How long a half-closed socket may stay: so many of these.
const TURN: Duration = Duration::from_millis(2);
const TURNS: usize = 500;

#[test]
fn an_idle_connection_whose_peer_leaves_is_closed_within_a_second() {
    let leave = [
        Script2::bare().fin(),
        Script2::bare().goaway(Stream::Last, Code::NoError).fin(),
        Script2::bare()
            .goaway(Stream::Last, Code::EnhanceYourCalm)
            .fin(),
        // Without an end of its own the client ends it.
        Script2::bare().goaway(Stream::MAX, Code::NoError),
    ];
    for leave in leave {
        for (tls, flavour) in COLUMNS {
            let name = format!("{tls:?} {flavour:?} {leave:?}");
            Mode::of(flavour).run(false, close_at_once(tls, leave.clone(), name));
        }
    }
}

async fn close_at_once(tls: Tls, leave: Script2, name: String) {
    let script = Script2::new()
        .serve(1)
        .wait("leave")
        .then(leave)
        .signal("left")
        .stall();
    let peer = Peer2::start(tls, move |_| script.clone());
    // Each has a connection of its own.
    let mut clients = Vec::new();
    for _ in 0..10 {
        let client = builder(&peer).build().unwrap();
        let warm = send(&client, request(&peer, &Method::GET, "/warm")).await;
        warm.unwrap();
        clients.push(client);
    }
    assert_eq!(kernel::established(peer.addr()), 10);
    peer.go("leave");
    peer.reached_async("left").await;
    let open = || kernel::established(peer.addr()) + kernel::half_closed(peer.addr());
    // A second is counted in the runtime's own turns: how long one takes is for the machine to say, which may be busy.
    let mut turns = 0;
    while open() > 0 {
        assert!(turns < TURNS, "{name}");
        turns += 1;
        tokio::time::sleep(TURN).await;
    }
    let is_gone = |client: &Client| client.connections().all().is_empty();
    kernel::until("all are forgotten", || clients.iter().all(is_gone)).await;
}

#[test]
fn a_request_of_which_nothing_was_written_when_the_end_is_seen_was_not_sent() {
    for tls in WIRES {
        // It looks at the sockets after each task: so what drives the connection sees the request and the end at once.
        let runtime = Builder::new_current_thread()
            .enable_all()
            .event_interval(1)
            .build()
            .unwrap();
        let play = runtime.spawn(handed_over_before_the_end(tls));
        runtime.block_on(play).unwrap();
    }
}

async fn handed_over_before_the_end(tls: Tls) {
    let peer = Peer2::start(tls, |n| match n {
        0 => Script2::new().serve(1).wait("end").fin().discard(),
        _ => Script2::new().serve_forever(),
    });
    let client = builder(&peer).build().unwrap();
    let warm = send(&client, request(&peer, &Method::GET, "/warm")).await;
    warm.unwrap();
    let mut sent = Box::pin(send(&client, request(&peer, &Method::POST, PATH)));
    // The kernel is asked, and the request handed over; what drives the connection has yet to run, and when it does, no
    // time has passed for which it would ask again.
    tokio::time::pause();
    let polled = poll_fn(|cx| Poll::Ready(sent.as_mut().poll(cx))).await;
    assert!(polled.is_pending());
    peer.go("end");
    let ended = || kernel::half_closed(peer.addr()) == 1;
    kernel::block_until("the end is in the kernel", ended);
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
    tokio::time::resume();
    let answer = sent.await.unwrap();
    assert_eq!(answer.failed, 1, "{tls:?}");
    assert_eq!(peer.executed("POST", PATH), 1);
    assert_eq!(peer.connections(), 2);
}

#[test]
fn a_request_that_was_handed_over_before_the_end_is_in_the_kernel_is_handed_back() {
    for tls in WIRES {
        Mode::of(Flavour::CurrentThread).run(true, async move {
            let peer = Peer2::start(tls, |n| match n {
                0 => Script2::new().serve(1).wait("end").fin().discard(),
                _ => Script2::new().serve_forever(),
            });
            let client = builder(&peer).build().unwrap();
            let warm = send(&client, request(&peer, &Method::GET, "/warm")).await;
            warm.unwrap();
            let mut sent = Box::pin(send(&client, request(&peer, &Method::POST, PATH)));
            let polled = poll_fn(|cx| Poll::Ready(sent.as_mut().poll(cx))).await;
            assert!(polled.is_pending());
            peer.go("end");
            // The runtime looks at no socket until it has taken the request.
            let ended = || kernel::half_closed(peer.addr()) == 1;
            kernel::block_until("the end is in the kernel", ended);
            let answer = sent.await.unwrap();
            assert_eq!(answer.failed, 0, "{tls:?}");
            assert_eq!(peer.executed("POST", PATH), 1);
            assert_eq!(peer.connections(), 2);
        });
    }
}
