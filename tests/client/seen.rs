//! What a person is shown: the connections as by `netstat`, the counters, and what an observer is told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use unstale::{Activity, Attempts, DiscardReason, Observer, Protocol};

use super::setup::{begin, current_thread, get, on_both, read, soon, until, until_idle, url};
use crate::client::pooled;
use crate::kernel;
use crate::peer::{Peer, Script, Tls};

#[derive(Clone, Debug, Default)]
struct Diary(Arc<Mutex<Vec<(String, u64)>>>);

impl Diary {
    fn note(&self, what: String, connection: u64) {
        self.0.lock().unwrap().push((what, connection));
    }

    /// What was noted, with connections numbered from 0 in the order in which they came.
    fn read(&self, peer: &Peer) -> Vec<String> {
        let mut known = Vec::new();
        let origin = format!("http://{}", peer.addr());
        let notes = self.0.lock().unwrap();
        let lines = notes.iter().map(|(what, connection)| {
            if !known.contains(connection) {
                known.push(*connection);
            }
            let n = known.iter().position(|it| it == connection).unwrap();
            format!("{n} {}", what.replace(&origin, "origin"))
        });
        lines.collect()
    }
}

impl Observer for Diary {
    fn opened(&self, origin: &str, connection: u64) {
        self.note(format!("opened {origin}"), connection);
    }

    fn reused(&self, origin: &str, connection: u64) {
        self.note(format!("reused {origin}"), connection);
    }

    fn discarded(&self, origin: &str, connection: u64, reason: DiscardReason) {
        self.note(format!("discarded {origin}: {reason:?}"), connection);
    }

    fn closed(&self, origin: &str, connection: u64) {
        self.note(format!("closed {origin}"), connection);
    }
}

const LIVES: [&str; 15] = [
    "0 opened origin",
    "0 reused origin",
    "0 discarded origin: PeerClosed",
    "0 closed origin",
    "1 opened origin",
    // It died under this one, which was sent again.
    "1 reused origin",
    "1 discarded origin: Failed",
    "1 closed origin",
    "2 opened origin",
    "2 reused origin",
    "2 discarded origin: Spent",
    "2 closed origin",
    "3 opened origin",
    "3 discarded origin: ClientClosed",
    "3 closed origin",
];

#[test]
fn an_observer_and_the_counters_tell_the_lives_of_four_connections() {
    on_both(async || {
        let last = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
        let peer = Peer::start(Tls::Off, move |n| match n {
            // Closed while idle; closed under a request; said to be the last; closed with the client.
            0 => Script::new().serve().serve().wait("idle").close(),
            1 => Script::new().serve().wait_first_byte().close(),
            2 => Script::new()
                .serve()
                .read_all()
                .execute()
                .send(last)
                .close(),
            _ => Script::serve_forever(),
        });
        let diary = Diary::default();
        let client = pooled(&peer).observer(diary.clone()).build().unwrap();
        for connections in [1, 0, 1, 1, 0, 1] {
            let answer = soon(client.get(url(&peer, "/x"))).await.unwrap();
            drop(read(answer).await);
            if peer.executions().len() == 2 {
                peer.go("idle");
            }
            until_idle(&client, connections).await;
        }
        let counters = client.counters();
        soon(client.close()).await;
        // On another thread it may be told a moment after.
        let is_told = || diary.read(&peer).len() == LIVES.len();
        kernel::until("it is told of the end", is_told).await;
        let mut told = diary.read(&peer);
        // The replay's connection may be opened before the lost one's socket is closed.
        told.sort_by_key(|line| line.as_bytes()[0]);
        assert_eq!(told, LIVES);
        assert_eq!(counters.opened(), 4);
        assert_eq!(counters.reused(), 3);
        assert_eq!(counters.connect_failed(), 0);
        for (reason, count) in [
            (DiscardReason::PeerClosed, 1),
            (DiscardReason::Failed, 1),
            (DiscardReason::Spent, 1),
            (DiscardReason::NotDrained, 0),
        ] {
            assert_eq!(counters.discarded(reason), count, "{reason:?}");
        }
        let table = counters.to_string();
        for line in [
            "         4  connections opened\n",
            "         3  requests over a connection that was open already\n",
            "         1  connections closed by the server while idle\n",
            "         1  connections that ended with a request\n",
            "         0  requests that waited for a connection to become free\n",
        ] {
            assert!(table.contains(line), "{table}");
        }
    });
}

#[test]
fn connections_are_shown_with_the_kernels_state_and_what_will_end_them() {
    current_thread().block_on(async {
        let peer = Peer::start(Tls::Off, |n| match n {
            0 => Script::new().serve().serve().wait("end").fin().discard(),
            _ => Script::new().read_all().execute().stall(),
        });
        let builder = pooled(&peer).pool_idle_timeout(Duration::from_secs(60));
        let client = builder.pool_max_lifetime(Duration::from_secs(600));
        let client = client.build().unwrap();
        for path in ["/1", "/2"] {
            assert_eq!(soon(get(&client, url(&peer, path))).await.unwrap(), "ok");
            until_idle(&client, 1).await;
        }
        let shown = client.connections();
        let one = &shown.all()[0];
        assert_eq!(one.origin(), format!("http://{}", peer.addr()));
        assert_eq!((one.protocol(), one.exchanges()), (Protocol::Http1, 2));
        assert_eq!(
            (one.state(), one.activity()),
            ("ESTABLISHED", Activity::Idle)
        );
        assert!(one.idle().unwrap() <= one.age());
        let (why, left) = one.ends().unwrap();
        assert_eq!(why, DiscardReason::IdleTimeout);
        assert!(left <= Duration::from_secs(60) && left > Duration::from_secs(50));

        peer.go("end");
        let has_fin = || kernel::half_closed(peer.addr()) == 1;
        // Blocks the runtime: the kernel knows, and the pool does not.
        kernel::block_until("the FIN is there", has_fin);
        let shown = client.connections();
        assert_eq!(shown.all()[0].state(), "CLOSE_WAIT");
        assert_eq!(shown.all()[0].activity(), Activity::Idle);
        until(&client, "it is gone", <[_]>::is_empty).await;

        let mut busy = Box::pin(get(&client, url(&peer, "/busy")));
        let is_there = |all: &[unstale::Connection]| all.len() == 1;
        tokio::select! {
            _ = &mut busy => panic!("nobody answers"),
            () = until(&client, "it is there", is_there) => {}
        }
        let shown = client.connections();
        let one = &shown.all()[0];
        assert_eq!((one.activity(), one.idle()), (Activity::Busy, None));
        assert_eq!(one.ends().unwrap().0, DiscardReason::Lifetime);

        assert_is_a_table(&shown);
    });
}

/// Of one connection, which is busy.
fn assert_is_a_table(shown: &unstale::Connections) {
    let table = shown.to_string();
    let one = &shown.all()[0];
    let mut lines = table.lines();
    let names: Vec<_> = lines.next().unwrap().split_whitespace().collect();
    let expected = [
        "NUMBER",
        "ORIGIN",
        "PROTOCOL",
        "STATE",
        "ACTIVITY",
        "AGE",
        "IDLE",
        "EXCHANGES",
        "ENDS",
    ];
    assert_eq!(names, expected);
    let line: Vec<_> = lines.next().unwrap().split_whitespace().collect();
    assert_eq!(line[0], one.number().to_string());
    assert_eq!(
        line[1..5],
        [one.origin(), "http/1.1", "ESTABLISHED", "busy"]
    );
    assert_eq!(line[7..11], ["-", "1", "lifetime", "in"], "{table}");
    assert!(lines.next().is_none());
}

#[test]
fn a_failed_attempt_names_its_connection_as_the_others_do() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |n| match n {
            0 => Script::new().serve().wait_first_byte().close(),
            _ => Script::serve_forever(),
        });
        let diary = Diary::default();
        let client = pooled(&peer).observer(diary.clone()).build().unwrap();
        assert_eq!(soon(get(&client, url(&peer, "/1"))).await.unwrap(), "ok");
        until_idle(&client, 1).await;
        let shown = client.connections().all()[0].number();
        let answer = soon(client.get(url(&peer, "/2"))).await.unwrap();
        let evidence = Attempts::of(&answer)[0].evidence().unwrap();
        assert_eq!(evidence.trace().unwrap().connection(), shown);
        assert_eq!(diary.0.lock().unwrap()[0].1, shown);
    });
}
