//! Drives an HTTP/2 connection: both halves of hyper's in one task.
//!
//! hyper makes two tasks of a connection: one hands requests to h2, the other moves h2's frames. On two threads an answer can
//! overtake its own request: after a request was handed over, the first task asks h2 once more whether the connection is
//! well (since hyper's pull request 3041), and if by then the second has read the answer and the connection's end behind it,
//! the request fails though its answer lies there. A GET would be sent again, and a POST without a body be `Unknown`, after
//! they were answered.
//!
//! In one task that cannot be: between two polls of the frames the requests are polled, so that a request is in hyper's
//! hands for good before anything that answers it can be read. It also lets the pool hear of what a frame changed (the limit
//! of streams, GOAWAY) when it came, and not with the next request.
//!
//! Invariant: the two halves are polled in turns, and never at the same time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};

use hyper::client::conn::http2::Connection;
use hyper::rt::{Executor, Read, Write};

use crate::body::Erased;
use crate::conn::Ledger;
use crate::pool::{DiscardReason, Member};

type Frames = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs what hyper spawns for one connection. Each task holds the connection's membership.
#[derive(Clone, Debug)]
pub(super) struct Tasks {
    member: Arc<Member>,
    frames: Arc<Kept>,
}

/// The first task, which is the connection's; those that follow are of single streams.
#[derive(Default)]
struct Kept(OnceLock<Mutex<Option<Frames>>>);

impl Tasks {
    pub(super) fn new(member: Arc<Member>) -> Self {
        Self {
            member,
            frames: Arc::default(),
        }
    }

    /// The task that moves the frames. From now on every task is spawned.
    fn take_frames(&self) -> Option<Frames> {
        let kept = self.frames.0.get_or_init(Mutex::default);
        kept.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<F> Executor<F> for Tasks
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, task: F) {
        let frames = &self.frames.0;
        if frames.get().is_none() {
            // Nothing can be asked of hyper before the handshake is over, and nobody else has this yet.
            let task: Frames = Box::pin(async move { drop(task.await) });
            let _ = frames.set(Mutex::new(Some(task)));
            return;
        }
        let member = Arc::clone(&self.member);
        tokio::spawn(async move {
            task.await;
            // After the task, and what it held of the socket.
            drop(member);
        });
    }
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

/// Drives a connection to its end.
pub(super) struct Driver<T>
where
    T: Read + Write + Unpin + Send + 'static,
{
    /// `None` once it takes no more.
    requests: Option<Connection<T, Erased, Tasks>>,
    /// `None` once the socket is closed.
    frames: Option<Frames>,
    member: Arc<Member>,
    ledger: Arc<Ledger>,
    /// How many streams the peer allows, as the pool was last told.
    allowed: Option<usize>,
}

impl<T> Driver<T>
where
    T: Read + Write + Unpin + Send + 'static,
{
    pub(super) fn new(
        connection: Connection<T, Erased, Tasks>,
        tasks: &Tasks,
        ledger: Arc<Ledger>,
    ) -> Self {
        Self {
            requests: Some(connection),
            frames: tasks.take_frames(),
            member: Arc::clone(&tasks.member),
            ledger,
            allowed: None,
        }
    }

    fn poll_requests(&mut self, cx: &mut Context<'_>) {
        let Some(requests) = &mut self.requests else {
            return;
        };
        if let Err(reason) = self.ledger.may_take_streams() {
            // What hyper has not taken is handed back. What it has goes on: it may be answered yet.
            self.requests = None;
            return self.member.takes_no_more(DiscardReason::Stale(reason));
        }
        // hyper polls a request's body here for the first time. If that panics, the request alone is lost: others are
        // under way on the connection, and are answered.
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(requests).poll(cx)));
        if !matches!(polled, Ok(Poll::Pending)) {
            self.requests = None;
            self.member.takes_no_more(if self.frames.is_some() {
                DiscardReason::GoAway
            } else {
                DiscardReason::PeerClosed
            });
        }
    }

    fn poll_frames(&mut self, cx: &mut Context<'_>) {
        let done = |frames: &mut Frames| frames.as_mut().poll(cx).is_ready();
        if self.frames.as_mut().is_some_and(done) {
            self.frames = None;
        }
        let Some(requests) = &self.requests else {
            return;
        };
        // The first that a peer sends are its SETTINGS (RFC 9113 section 3.4); before it has, hyper names its own limit.
        if self.allowed.is_none() && !self.ledger.was_heard() {
            return;
        }
        let allowed = requests.current_max_send_streams();
        if self.allowed.replace(allowed) != Some(allowed) {
            self.member.allows_streams(allowed);
        }
    }
}

impl<T> Future for Driver<T>
where
    T: Read + Write + Unpin + Send + 'static,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.poll_requests(cx);
        this.poll_frames(cx);
        // What a frame has changed is noticed now; nothing would wake this task for it.
        this.poll_requests(cx);
        if this.requests.is_none() && this.frames.is_none() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}
