//! Random scripts keep what `random.rs` promises.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use super::clients::{POST_HEAD, connect, connect_tls};
use crate::peer::{Peer, Step, Tls};

const SEEDS: u64 = 300;

#[test]
fn a_seed_always_gives_the_same_script() {
    for seed in 0..SEEDS {
        assert_eq!(crate::random::script(seed), crate::random::script(seed));
    }
    assert_ne!(crate::random::script(1), crate::random::script(2));
}

#[test]
fn every_kind_of_step_turns_up() {
    let steps: Vec<Step> = (0..SEEDS)
        .flat_map(|seed| Vec::from(crate::random::script(seed)))
        .collect();
    let kinds: std::collections::HashSet<_> = steps.iter().map(std::mem::discriminant).collect();
    // All but CloseNotify (cleartext has none), Stall, Wait, Signal, SetNoDelay.
    assert_eq!(kinds.len(), 15);
}

#[test]
fn execute_stands_only_behind_a_whole_request() {
    for seed in 0..5000 {
        let steps = Vec::from(crate::random::script(seed));
        for pair in steps.windows(2) {
            assert!(
                pair[1] != Step::Execute || pair[0] == Step::ReadAll,
                "seed {seed}: {steps:?}"
            );
        }
    }
}

#[test]
fn pauses_are_short() {
    let steps = (0..5000).flat_map(|seed| Vec::from(crate::random::script(seed)));
    let longest = steps
        .filter_map(|step| {
            if let Step::Pause(pause) = step {
                Some(pause)
            } else {
                None
            }
        })
        .max();
    assert_eq!(longest, Some(Duration::from_millis(5)));
}

#[test]
fn a_random_script_ends_by_itself_once_the_client_sends_no_more() {
    for tls in [
        Tls::Off,
        Tls::V12 { close_notify: true },
        Tls::V13 {
            close_notify: false,
        },
    ] {
        let peer = Peer::start(tls, |n| crate::random::script(n as u64));
        for _ in 0..SEEDS / 3 {
            match tls {
                Tls::Off => abuse(&mut connect(&peer), |client| client),
                _ => {
                    abuse(&mut connect_tls(&peer), |client| &client.sock);
                }
            }
        }
        assert!(peer.executions().len() > 10);
        assert!(
            peer.executions()
                .iter()
                .all(|execution| execution.body == b"hello")
        );
    }
}

/// Sends five requests at once and a FIN, then reads until the peer ends the connection.
fn abuse<C: Read + Write>(client: &mut C, socket: impl Fn(&C) -> &TcpStream) {
    // Errors are what this is about: the peer may be gone already. But it must go.
    let _ = client.write_all(&[POST_HEAD, b"hello"].concat().repeat(5));
    let _ = socket(client).shutdown(Shutdown::Write);
    if let Err(e) = client.read_to_end(&mut Vec::new()) {
        assert_ne!(
            e.kind(),
            ErrorKind::WouldBlock,
            "the peer holds the connection"
        );
    }
}
