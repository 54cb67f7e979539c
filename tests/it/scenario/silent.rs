//! The peer executes and never answers: the caller's own timeout ends it, and nothing is sent again.

use std::sync::Arc;
use std::time::Duration;

use super::call::{Call, With};
use super::mode::Mode;
use super::play::{PATH, Stage, send};
use crate::client::client;
use crate::kernel;
use crate::peer::{Peer, Script};

fn times_out(mode: Mode, call: Call, warm: usize) {
    let silent = Script::new()
        .read_all()
        .execute()
        .signal("executed")
        .stall();
    let peer = Arc::new(Peer::start(mode.tls, move |_| {
        let first = Script::new().read_all().execute().wait("warm").answer();
        let first = if warm > 0 { first } else { Script::new() };
        first.then(silent.clone())
    }));
    let stage = Stage {
        client: client(mode.stack, &peer, mode.tls),
        peer: Arc::clone(&peer),
        tls: mode.tls,
        stack: mode.stack,
    };
    mode.run(false, async move {
        stage.warm_up(warm).await;
        let addr = stage.peer.addr();
        let request = async {
            let answer = send(&stage, call, With::Nothing).await;
            panic!("{call:?} {mode:?}: {answer:?}");
        };
        let timeout = async {
            stage.peer.reached_async("executed").await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        tokio::select! {
            () = request => {}
            () = timeout => {}
        }
        let gone = || kernel::established(addr) == 0 && kernel::half_closed(addr) == 0;
        kernel::until("the connection is given up", gone).await;
    });
    assert_eq!(peer.executed(call.method().as_str(), PATH), 1, "{mode:?}");
    assert_eq!(peer.connections(), 1, "{call:?} {mode:?}");
}

#[test]
fn a_timeout_of_the_caller_on_a_kept_alive_connection_is_no_replay() {
    Mode::each(&Mode::all(), |mode| {
        for call in Call::ALL {
            times_out(mode, call, 1);
        }
    });
}

#[test]
fn a_timeout_of_the_caller_on_a_new_connection_is_no_replay() {
    Mode::each(&Mode::all(), |mode| {
        for call in [Call::Get, Call::Post] {
            times_out(mode, call, 0);
        }
    });
}
