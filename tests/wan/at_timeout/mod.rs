//! The four real servers at their keep-alive timeouts, 20 ms away: POSTs that meet the close on the way.
//!
//! On the loopback nothing is ever on its way. Here a third of the POSTs cross the server's FIN; the same load goes through
//! hyper-util's client, reqwest, and what this crate puts in their place. Prevention is off: it would leave nothing to be
//! seen. `docs/at_timeout.md` has the figures of a run of 2,000 POSTs each (`UNSTALE_POSTS`); it has a default of 200.
//!
//! Held: a POST that failed by FIN first on a server that closes fully is sent again and succeeds, on one that lingers it is
//! if the caller trusts it (`danger_trust_half_close`); and none is executed twice.

mod contestants;
mod load;
mod table;
mod wire;

use std::cell::Cell;
use std::time::Duration;

use self::contestants::Way;
use self::table::{Failures, Line, Table};
use crate::lab::{Conditions, Link};
use crate::server::{APACHE, HAPROXY, NGINX, NODE, Program, Scheme, Server};

const ROUND_TRIP: Duration = Duration::from_millis(20);

/// What a server does at its timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Close {
    Full,
    Lingering,
}

async fn at_timeout(program: &'static Program, close: Close) {
    let link = Link::start(Conditions::round_trip(ROUND_TRIP));
    let address = link.address();
    let mut server = link.place(|| Server::spawn(program, address));
    server.wait_until_it_accepts().await;
    let mut table = Table::new(program);
    for scheme in [Scheme::Cleartext, Scheme::Tls] {
        let (link, server) = (&link, &*server);
        let way = Way {
            link,
            server,
            scheme,
            shortest: Cell::new(Duration::MAX),
        };
        play(&way, close, &mut table).await;
    }
    table.count(&server.executed().await);
    println!("{table}");
    table.assert_held();
}

/// Everybody's turn.
async fn play(way: &Way<'_>, close: Close, table: &mut Table) {
    table.add(Line::new(&way.hyper_util().await));
    table.add(Line::new(&way.reqwest().await));
    let may_fail = match close {
        Close::Full => Failures::WithoutProof,
        Close::Lingering => Failures::Any,
    };
    table.add(Line::unstale(&way.layered().await, may_fail));
    table.add(Line::unstale(&way.pooled().await, may_fail));
    if close == Close::Lingering {
        table.add(Line::unstale(&way.trusting().await, Failures::SeenTooLate));
    }
}

#[tokio::test]
#[ignore = "needs root: makes a network namespace and two TUN devices; needs nginx"]
async fn a_post_that_crosses_nginxs_close_is_sent_again_and_runs_once() {
    at_timeout(&NGINX, Close::Full).await;
}

#[tokio::test]
#[ignore = "needs root: makes a network namespace and two TUN devices; needs apache2"]
async fn a_post_that_crosses_apaches_close_is_sent_again_where_it_is_trusted_and_runs_once() {
    at_timeout(&APACHE, Close::Lingering).await;
}

#[tokio::test]
#[ignore = "needs root: makes a network namespace and two TUN devices; needs haproxy"]
async fn a_post_that_crosses_haproxys_close_is_sent_again_and_runs_once() {
    at_timeout(&HAPROXY, Close::Full).await;
}

#[tokio::test]
#[ignore = "needs root: makes a network namespace and two TUN devices; needs node"]
async fn a_post_that_crosses_nodes_close_is_sent_again_and_runs_once() {
    at_timeout(&NODE, Close::Full).await;
}
