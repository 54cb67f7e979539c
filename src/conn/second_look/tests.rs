//! That the second look waits, and what it waits for.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::conn::probe::SYSTEM;
use crate::conn::tests::{Lying, pair, turn};

const REQUEST: &[u8] = b"POST / HTTP/1.1\r\n\r\n";

static LOOKS: AtomicUsize = AtomicUsize::new(0);

/// A kernel that has heard of no acknowledgement since the FIN came, as over a long way.
static FAR_AWAY: Lying = Lying(|sample| {
    let far = sample.state == State::CloseWait;
    LOOKS.fetch_add(usize::from(far), Ordering::SeqCst);
    let unheard = if far { REQUEST.len() as u64 } else { 0 };
    Some(Sample {
        acknowledged: sample.acknowledged - unheard,
        ..sample
    })
});

#[tokio::test]
async fn a_peer_that_lingers_and_is_not_heard_of_is_looked_for_a_few_times() {
    let mut pair = pair(&FAR_AWAY).await;
    let pool = pair.pool();
    pair.exchange(&pool).await;
    pair.poll_idle().await;
    pair.write(REQUEST).await.unwrap();
    pair.flush().await;
    pair.peer.shutdown(Shutdown::Write).unwrap();
    assert!(pair.read().await.unwrap().is_empty());
    let seen = turn(&pool).unwrap().seen.unwrap();
    let held = seen.ledger.held().await.unwrap();

    assert_eq!(held.look(&seen).await, SecondLook::Undecided);

    // 1, 2, 4, 8, 16, 32 and then each 50 ms, until some 200 ms are over; and one when the end was seen.
    let looks = LOOKS.load(Ordering::SeqCst);
    assert!((5..=20).contains(&looks), "{looks} looks");
}

#[tokio::test]
async fn a_reset_after_the_end_is_heard_of_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (peer, _) = listener.accept().unwrap();
    stream.write_all(REQUEST).unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    stream.set_nonblocking(true).unwrap();
    let socket = std::os::fd::AsFd::as_fd(&stream);
    let held = Held::take(socket, SYSTEM, 0).unwrap();
    let event = Event::of(&held);

    event.within(Duration::from_millis(1)).await;
    // With the request unread, a close is a reset.
    drop(peer);
    let hour = Duration::from_secs(3_600);
    let woken = tokio::time::timeout(Duration::from_secs(10), event.within(hour)).await;
    assert!(woken.is_ok());
    // It is told once.
    let again = tokio::time::timeout(Duration::from_millis(20), event.within(hour)).await;
    assert!(again.is_err());
}
