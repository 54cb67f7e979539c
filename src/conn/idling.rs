//! Connections that lie idle, by paused clocks and over real sockets: which are trusted, and what their ends teach.

use std::time::Duration;

use http::HeaderMap;
use http::header::HeaderValue;
use tokio::time::advance;

use super::clocks::Set;
use super::probe::{Millis, Probe, SYSTEM, Sample};
use super::tests::{Lying, Pair, pair_by, turn, unconnected};
use super::trust::Keeping;
use super::{Facts, TrackLayer};
use crate::evidence::GateReason;
use crate::keepalive::Prevention;

const SECOND: Duration = Duration::from_secs(1);
const POST: &[u8] = b"POST / HTTP/1.1\r\n\r\n";

/// The kernel's clock is not the one that is paused.
static RESTED: Lying = Lying(|sample| {
    Some(Sample {
        last_data_recv: sample.last_data_recv.max(Millis(10)),
        ..sample
    })
});
static UNHEARD_FOR_FIVE: Lying = Lying(|sample| {
    Some(Sample {
        last_data_recv: Millis(5_000),
        ..sample
    })
});
/// Who was stopped comes late to a FIN.
static LATE: Lying = Lying(|sample| {
    Some(Sample {
        last_ack_recv: Millis(3_000),
        ..sample
    })
});

/// Connections to one origin.
struct Origin {
    layer: TrackLayer,
    clocks: &'static Set,
}

impl Origin {
    fn new() -> Self {
        Self::with(&Prevention::default())
    }

    fn with(prevention: &Prevention) -> Self {
        let clocks = Set::new();
        let keeping = Keeping::by(prevention, clocks);
        Self {
            layer: TrackLayer::new().with_keeping(keeping),
            clocks,
        }
    }

    /// One that has carried an exchange, and lies idle.
    async fn idle(&self, probe: &'static dyn Probe) -> (Pair, Facts) {
        let mut pair = pair_by(self.layer.clone().with_probe(probe), b"").await;
        let pool = pair.pool();
        pair.exchange(&pool).await;
        pair.poll_idle().await;
        (pair, pool)
    }

    /// What becomes of a request on one that has been idle for so long.
    async fn request_after(&self, idle: Duration) -> Result<(), GateReason> {
        let (mut pair, pool) = self.idle(&RESTED).await;
        advance(idle).await;
        request(&mut pair, &pool).await
    }

    /// The server closes one that has been idle for so long, and its task reads it.
    async fn close_after(&self, idle: Duration) {
        let (mut pair, _pool) = self.idle(SYSTEM).await;
        advance(idle).await;
        drop(std::mem::replace(&mut pair.peer, unconnected()));
        assert!(pair.read().await.unwrap().is_empty());
        advance(2 * SECOND).await;
    }
}

async fn request(pair: &mut Pair, pool: &Facts) -> Result<(), GateReason> {
    let ledger = pool.ledger().unwrap();
    let before = ledger.book().written;
    let written = pair.write(POST).await;
    let refused = ledger.book().refused;
    assert_eq!(written.is_err(), refused.is_some());
    if refused.is_some() {
        assert_eq!(ledger.book().written, before, "not one byte");
    }
    refused.map_or(Ok(()), Err)
}

fn announce(pool: &Facts, value: &'static str) {
    let mut head = HeaderMap::new();
    head.insert("keep-alive", HeaderValue::from_static(value));
    pool.ledger().unwrap().answered(&head);
}

#[tokio::test(start_paused = true)]
async fn what_the_server_announces_ends_the_trust_of_all_its_connections() {
    let origin = Origin::new();
    let (_first, pool) = origin.idle(SYSTEM).await;
    assert_eq!(origin.request_after(60 * SECOND).await, Ok(()));
    announce(&pool, "timeout=5");
    let almost = Duration::from_millis(4_700);
    assert_eq!(origin.request_after(almost).await, Ok(()));
    let refused = Err(GateReason::Expiring);
    assert_eq!(
        origin.request_after(Duration::from_millis(4_800)).await,
        refused
    );
}

#[tokio::test(start_paused = true)]
async fn the_kernel_knows_of_an_age_that_the_clock_does_not() {
    // The answer was read long after it had come.
    let origin = Origin::new();
    let (mut pair, pool) = origin.idle(&UNHEARD_FOR_FIVE).await;
    announce(&pool, "timeout=5");
    let refused = Err(GateReason::Expiring);
    assert_eq!(request(&mut pair, &pool).await, refused);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_takes_no_further_exchange_gets_none_at_once() {
    for value in ["timeout=60, max=0", "timeout=0"] {
        let (mut pair, pool) = Origin::new().idle(SYSTEM).await;
        announce(&pool, value);
        let refused = Err(GateReason::Expiring);
        assert_eq!(request(&mut pair, &pool).await, refused, "{value}");
    }
    let (mut pair, pool) = Origin::new().idle(SYSTEM).await;
    announce(&pool, "timeout=60, max=1");
    assert_eq!(request(&mut pair, &pool).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn two_closes_that_are_read_teach_the_timeout() {
    let origin = Origin::new();
    for _ in 0..2 {
        assert_eq!(origin.request_after(5 * SECOND).await, Ok(()));
        origin.close_after(5 * SECOND).await;
    }
    let refused = Err(GateReason::Expiring);
    assert_eq!(origin.request_after(5 * SECOND).await, refused);
    assert_eq!(origin.request_after(4 * SECOND).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn two_closes_that_are_found_at_the_gate_teach_the_timeout() {
    let origin = Origin::new();
    for _ in 0..2 {
        let (mut pair, pool) = origin.idle(SYSTEM).await;
        advance(5 * SECOND).await;
        pair.peer.shutdown(std::net::Shutdown::Write).unwrap();
        let dead = Err(GateReason::HalfClosed);
        assert_eq!(request(&mut pair, &pool).await, dead);
        advance(2 * SECOND).await;
    }
    let refused = Err(GateReason::Expiring);
    assert_eq!(origin.request_after(5 * SECOND).await, refused);
}

#[tokio::test(start_paused = true)]
async fn two_resets_that_are_read_teach_the_timeout() {
    let origin = Origin::new();
    for _ in 0..2 {
        let (mut pair, _pool) = origin.idle(SYSTEM).await;
        advance(5 * SECOND).await;
        let abort = socket2::SockRef::from(&pair.peer).set_linger(Some(Duration::ZERO));
        abort.unwrap();
        drop(std::mem::replace(&mut pair.peer, unconnected()));
        pair.read().await.unwrap_err();
        advance(2 * SECOND).await;
    }
    let refused = Err(GateReason::Expiring);
    assert_eq!(origin.request_after(5 * SECOND).await, refused);
}

#[tokio::test(start_paused = true)]
async fn a_close_that_is_noticed_late_teaches_nothing() {
    let origin = Origin::new();
    for _ in 0..4 {
        let (mut pair, _pool) = origin.idle(&LATE).await;
        advance(5 * SECOND).await;
        drop(std::mem::replace(&mut pair.peer, unconnected()));
        assert!(pair.read().await.unwrap().is_empty());
        advance(2 * SECOND).await;
    }
    assert_eq!(origin.request_after(5 * SECOND).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_close_under_a_request_teaches_nothing() {
    let origin = Origin::new();
    for _ in 0..4 {
        let (mut pair, pool) = origin.idle(SYSTEM).await;
        advance(5 * SECOND).await;
        assert_eq!(request(&mut pair, &pool).await, Ok(()));
        pair.peer.shutdown(std::net::Shutdown::Write).unwrap();
        assert!(pair.read().await.unwrap().is_empty());
        let _ = turn(&pool);
        advance(2 * SECOND).await;
    }
    assert_eq!(origin.request_after(5 * SECOND).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn after_a_sleep_none_is_used_of_which_nothing_is_known() {
    let origin = Origin::new();
    let (mut pair, pool) = origin.idle(&RESTED).await;
    let (mut known, known_pool) = {
        let other = Origin {
            layer: origin.layer.clone(),
            clocks: origin.clocks,
        };
        other.idle(&RESTED).await
    };
    origin.clocks.sleep(60);
    let refused = Err(GateReason::AfterSleep);
    assert_eq!(request(&mut pair, &pool).await, refused);
    announce(&known_pool, "timeout=300");
    assert_eq!(request(&mut known, &known_pool).await, Ok(()));
    assert_eq!(
        origin.request_after(SECOND).await,
        Ok(()),
        "idle since it woke"
    );
}

#[tokio::test(start_paused = true)]
async fn with_prevention_off_a_connection_is_used_as_long_as_it_looks_alive() {
    let origin = Origin::with(&Prevention::off());
    let (mut pair, pool) = origin.idle(&UNHEARD_FOR_FIVE).await;
    announce(&pool, "timeout=1, max=0");
    origin.clocks.sleep(3_600);
    assert_eq!(request(&mut pair, &pool).await, Ok(()));
}
