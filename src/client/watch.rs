//! Watches the connection of an attempt for a black hole, while hyper waits for the answer.
//!
//! Apart from the adapters because a black hole is the same whoever sends. Nothing here fails an attempt: the connection is
//! aborted, hyper meets the error that this leaves on the socket, and the inquest finds its reason in the ledger.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use crate::body::Progress;
use crate::conn::{Finding, Ledger};

/// When the kernel is asked first: most requests are answered by then, and no second timeout has passed.
const FIRST: Duration = Duration::from_millis(200);
/// So often it is asked. The second timeout is seen by the fourth or fifth question, if the request was written by the first.
const MOST: u8 = 16;

/// The watch over one attempt.
pub(super) struct Watch {
    ledger: Arc<Ledger>,
    /// When the attempt was handed the connection, or before.
    since: Instant,
    /// Waited on once it is lost; `None`: it does not matter.
    body: Option<Progress>,
    question: Pin<Box<Sleep>>,
    left: u8,
}

impl Watch {
    /// Over a connection that an attempt was handed then. `body`: without which the attempt is not to be given up.
    #[cold]
    pub(super) fn new(ledger: &Arc<Ledger>, since: Instant, body: Option<Progress>) -> Self {
        Self {
            ledger: Arc::clone(ledger),
            since,
            body,
            question: Box::pin(sleep(FIRST)),
            left: MOST,
        }
    }

    /// Asks what is to be asked by now, and aborts the connection if its peer is silent.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) {
        while self.left > 0 && self.question.as_mut().poll(cx).is_ready() {
            self.left -= 1;
            match self.ledger.listen(self.since.elapsed()) {
                Finding::Heard => self.left = 0,
                Finding::NothingYet(again) => {
                    self.question.as_mut().reset(Instant::now() + again);
                }
                Finding::Silent => {
                    self.left = 0;
                    if !self.body.as_ref().is_some_and(Progress::is_lost) {
                        self.ledger.abort_silent();
                    }
                }
            }
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::future::poll_fn;
    use std::sync::Mutex;

    use http::{Extensions, Uri};
    use http_body_util::Full;
    use hyper_util::client::legacy::connect::Connection as _;
    use hyper_util::rt::TokioIo;
    use tokio::net::{TcpListener, TcpStream};
    use tower::{Layer, Service, service_fn};

    use super::*;
    use crate::body::Tape;
    use crate::conn::{
        Facts, Micros, Millis, Peek, Probe, Sample, SocketRef, State, TrackLayer, TrackedIo,
    };

    /// A kernel that says the same whenever it is asked, and remembers when it was.
    #[derive(Debug)]
    struct Kernel {
        says: Sample,
        asked: Mutex<Vec<Instant>>,
        aborted: Mutex<usize>,
    }

    impl Probe for Kernel {
        fn is_plain_tcp(&self, _: SocketRef<'_>) -> bool {
            true
        }

        fn sample(&self, _: SocketRef<'_>) -> Option<Sample> {
            self.asked.lock().unwrap().push(Instant::now());
            Some(self.says)
        }

        fn peek(&self, _: SocketRef<'_>) -> Peek {
            Peek::Empty
        }

        fn peek_record(&self, _: SocketRef<'_>) -> Option<[u8; 5]> {
            None
        }

        fn was_reset_after_fin(&self, _: SocketRef<'_>) -> bool {
            false
        }

        fn abort(&self, _: SocketRef<'_>) -> bool {
            *self.aborted.lock().unwrap() += 1;
            true
        }
    }

    const HOUR: Millis = Millis(3_600_000);

    /// Nothing was heard for an hour, and nothing is in flight.
    const UNSENT: Sample = Sample {
        state: State::Established,
        acknowledged: 0,
        received: 0,
        rto: Micros(220_000),
        rtt: Micros(20_000),
        unacked: 0,
        retransmits: 0,
        last_data_sent: HOUR,
        last_ack_recv: HOUR,
        last_data_recv: HOUR,
    };

    const SILENT: Sample = Sample {
        unacked: 1,
        retransmits: 2,
        ..UNSENT
    };

    const HEARD: Sample = Sample {
        last_ack_recv: Millis(0),
        ..UNSENT
    };

    /// A connection whose kernel says this.
    struct Watched {
        kernel: &'static Kernel,
        ledger: Arc<Ledger>,
        _tap: TrackedIo<TokioIo<TcpStream>>,
        _listener: TcpListener,
    }

    impl Watched {
        async fn by(says: Sample) -> Self {
            let kernel: &'static Kernel = Box::leak(Box::new(Kernel {
                says,
                asked: Mutex::default(),
                aborted: Mutex::default(),
            }));
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let connect = service_fn(move |_: Uri| async move {
                TcpStream::connect(address).await.map(TokioIo::new)
            });
            let mut connector = TrackLayer::new().with_probe(kernel).layer(connect);
            let tap = connector.call(Uri::from_static("http://peer/")).await;
            let tap = tap.unwrap();
            let mut extras = Extensions::new();
            tap.connected().get_extras(&mut extras);
            Self {
                kernel,
                ledger: extras.get::<Facts>().and_then(Facts::ledger).unwrap(),
                _tap: tap,
                _listener: listener,
            }
        }

        /// Watches for an hour. Gives when the kernel was asked since, and how often it was told to abort.
        async fn watch(&self, body: Option<Progress>) -> (Vec<Duration>, usize) {
            let since = Instant::now();
            let mut watch = Watch::new(&self.ledger, since, body);
            let for_ever = poll_fn(|cx| {
                watch.poll(cx);
                std::task::Poll::<()>::Pending
            });
            tokio::time::timeout(HOUR.get() / 2, for_ever)
                .await
                .unwrap_err();
            let asked = self.kernel.asked.lock().unwrap();
            let after = asked.iter().map(|at| at.duration_since(since)).collect();
            (after, *self.kernel.aborted.lock().unwrap())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_was_heard_is_asked_about_once() {
        let (asked, aborted) = Watched::by(HEARD).await.watch(None).await;
        assert_eq!((asked.len(), aborted), (1, 0), "{asked:?}");
        assert!(asked[0] >= FIRST, "{asked:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_never_written_is_asked_about_so_often_and_no_more() {
        let (asked, aborted) = Watched::by(UNSENT).await.watch(None).await;
        assert_eq!((asked.len(), aborted), (usize::from(MOST), 0), "{asked:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_peer_is_aborted_at_once_and_not_asked_about_again() {
        let watched = Watched::by(SILENT).await;
        assert_eq!(watched.watch(None).await.1, 1);
        let asked = watched.kernel.asked.lock().unwrap().len();
        assert_eq!(asked, 1);
        assert!(watched.ledger.book().is_sealed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_peer_is_waited_on_once_the_body_is_lost() {
        for (limit, aborted) in [(4, 0), (5, 1)] {
            let tape = Tape::new(Full::<bytes::Bytes>::from("hello"), limit);
            let mut body = tape.attempt().unwrap();
            let progress = body.progress();
            // What does not fit is taken after the head alone was flushed.
            while http_body_util::BodyExt::frame(&mut body).await.is_some() {}
            let watched = Watched::by(SILENT).await;
            assert_eq!(watched.watch(Some(progress)).await.1, aborted, "{limit}");
        }
    }
}
