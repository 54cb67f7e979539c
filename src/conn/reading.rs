//! Who is woken when there is something to read.

use std::io::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use hyper::rt::{Read, ReadBuf};
use tokio::time::{sleep, timeout};

use super::probe::SYSTEM;
use super::tests::{Pair, pair};

const HELLO: &[u8] = b"hello";

/// Somebody who reads.
#[derive(Default)]
struct Reader(AtomicBool);

impl Wake for Reader {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Reader {
    fn is_woken(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Is woken within a while, and finds what was said.
    async fn hears(self: Arc<Self>, pair: &mut Pair) {
        let woken = async {
            while !self.is_woken() {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_secs(10), woken).await.unwrap();
        assert_eq!(read(pair, &self.into()), Poll::Ready(HELLO.to_vec()));
    }
}

fn read(pair: &mut Pair, by: &Waker) -> Poll<Vec<u8>> {
    let mut memory = [0; 16];
    let mut buffer = ReadBuf::new(&mut memory);
    let mut cx = Context::from_waker(by);
    let result = Pin::new(&mut pair.tap).poll_read(&mut cx, buffer.unfilled());
    result.map(|result| {
        result.unwrap();
        buffer.filled().to_vec()
    })
}

#[tokio::test]
async fn whoever_has_read_last_is_woken_and_nobody_else() {
    let mut pair = pair(SYSTEM).await;
    let (before, last) = (Arc::<Reader>::default(), Arc::<Reader>::default());
    for reader in [&before, &before, &last, &last] {
        assert!(read(&mut pair, &Arc::clone(reader).into()).is_pending());
    }
    pair.peer.write_all(HELLO).unwrap();
    last.hears(&mut pair).await;
    assert!(!before.is_woken());
}

#[tokio::test]
async fn a_reader_is_woken_again_after_what_it_has_read() {
    let mut pair = pair(SYSTEM).await;
    for _ in 0..2 {
        let reader = Arc::<Reader>::default();
        assert!(read(&mut pair, &Arc::clone(&reader).into()).is_pending());
        pair.peer.write_all(HELLO).unwrap();
        reader.hears(&mut pair).await;
    }
}

#[tokio::test]
async fn who_reads_after_there_were_turns_is_woken_whoever_has_the_turn() {
    let mut pair = pair(SYSTEM).await;
    let ledger = pair.pool().ledger().unwrap();
    assert!(read(&mut pair, &Arc::clone(&ledger).into()).is_pending());
    let upgraded = Arc::<Reader>::default();
    assert!(read(&mut pair, &Arc::clone(&upgraded).into()).is_pending());
    pair.peer.write_all(HELLO).unwrap();
    upgraded.hears(&mut pair).await;
}

/// TLS knows of an end that came with the handshake: nobody reads the socket after that.
#[cfg(feature = "client")]
#[tokio::test]
async fn a_task_that_has_its_turns_is_woken_by_the_end_though_the_socket_was_last_read_before_them()
{
    let mut pair = pair(SYSTEM).await;
    let ledger = pair.pool().ledger().unwrap();
    let (opening, task) = (Arc::<Reader>::default(), Arc::<Reader>::default());
    assert!(read(&mut pair, &Arc::clone(&opening).into()).is_pending());
    let waker = Waker::from(Arc::clone(&task));
    assert!(ledger.is_tasks_turn(&Context::from_waker(&waker)));
    drop(pair);
    ledger.wake_line();
    assert!(task.is_woken());
}
