//! The recorder: what the replay loop keeps while its request is under way.
//!
//! Apart from the body it hands out because the two live in different places: the loop keeps the tape, the connection is
//! given the body. Dropping the tape says that there will be no further attempt; the recording then stops.

use std::error::Error;
use std::fmt;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, SizeHint};

use super::lost::Lost;
use super::reader::{Reader, Stage};
use super::reel::Shared;
use super::replay::ReplayBody;

/// Records a request body while it is first sent, and gives each attempt a body that starts from the first byte.
///
/// A body that is at its end when it arrives (a GET) costs no allocation.
pub struct Tape<B> {
    /// `None`: the body was at its end from the start.
    shared: Option<Shared<B>>,
    original_hint: SizeHint,
    stage: Stage,
}

impl<B> Tape<B> {
    /// Gives the body for the next attempt, and fences every older one: at its next poll an older body yields an error
    /// (see [`BodyError::is_fenced`](super::BodyError::is_fenced)), takes no frame, and never will.
    ///
    /// The new body yields what is recorded and goes on with the rest of the original. A task that waits on a fenced body
    /// is not woken. A body that was at its end from the start has nothing to be fenced off; all its handles are alike.
    ///
    /// # Errors
    ///
    /// If the beginning of the body is [`Lost`]; then the latest body is left in peace and may go on.
    pub fn attempt(&self) -> Result<ReplayBody<B>, Lost> {
        let Some(shared) = &self.shared else {
            return Ok(ReplayBody::ended(self.original_hint));
        };
        let mut reel = shared.lock();
        match reel.lost() {
            Some(lost) => Err(lost),
            None => Ok(self.hand_out(shared, reel.fence())),
        }
    }

    fn hand_out(&self, shared: &Shared<B>, generation: u64) -> ReplayBody<B> {
        let shared = shared.clone();
        ReplayBody::taped(Reader::new(
            shared,
            generation,
            self.stage,
            self.original_hint,
        ))
    }

    /// Why the body can not be sent again; `None` while it can.
    pub fn lost(&self) -> Option<Lost> {
        self.shared.as_ref()?.lock().lost()
    }

    /// Bytes of data and trailers held now; never more than the limit.
    pub fn recorded(&self) -> usize {
        let shared = self.shared.as_ref();
        shared.map_or(0, |shared| shared.lock().recorded())
    }

    /// Whether any frame of the original was ever taken.
    pub fn started(&self) -> bool {
        let shared = self.shared.as_ref();
        shared.is_some_and(|shared| shared.lock().is_started())
    }

    /// The data of the whole original in one piece, if it was read to its end and is recorded.
    ///
    /// A body of one chunk is shared, one of several is copied together. Trailers are left out.
    pub fn collected(&self) -> Option<Bytes> {
        match &self.shared {
            Some(shared) => shared.lock().collected(),
            None => Some(Bytes::new()),
        }
    }
}

impl<B> Tape<B>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    /// Takes the caller's body; keeps at most `limit` bytes of it.
    ///
    /// A body of exactly `limit` bytes is kept. Of trailers the names and values count.
    pub fn new(body: B, limit: usize) -> Self {
        let original_hint = body.size_hint();
        let upper = original_hint.upper();
        let fits = upper.is_some_and(|upper| usize::try_from(upper).is_ok_and(|n| n <= limit));
        let shared = (!body.is_end_stream()).then(|| Shared::new(body, limit));
        Self {
            shared,
            original_hint,
            stage: if fits { Stage::Ready } else { Stage::HeadFirst },
        }
    }

    /// The body for the first attempt: nothing can be lost of it yet.
    #[inline]
    pub(crate) fn first(&self) -> ReplayBody<B> {
        match &self.shared {
            Some(shared) => self.hand_out(shared, shared.lock().fence()),
            None => ReplayBody::ended(self.original_hint),
        }
    }

    /// A tape of nothing, for a request that lost its body.
    pub(crate) fn empty() -> Self {
        Self {
            shared: None,
            original_hint: SizeHint::with_exact(0),
            stage: Stage::Ready,
        }
    }

    /// Reads the rest of the original into the record, and gives the data of the whole as
    /// [`collected`](Self::collected) does; `None` once it is [`lost`](Self::lost).
    ///
    /// Fences every handle, each time it is polled. [`attempt`](Self::attempt) may follow.
    ///
    /// # Cancel safety
    ///
    /// What was read stays recorded; polling may stop and go on at any time.
    pub fn poll_collect(&self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        match &self.shared {
            Some(shared) => shared.lock().poll_collect(cx),
            None => Poll::Ready(Some(Bytes::new())),
        }
    }
}

impl<B> Drop for Tape<B> {
    fn drop(&mut self) {
        if let Some(shared) = &self.shared {
            shared.lock().stop_recording();
        }
    }
}

// Not derived: that would ask for `B: Debug`.
impl<B> fmt::Debug for Tape<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tape")
            .field("started", &self.started())
            .field("recorded", &self.recorded())
            .field("lost", &self.lost())
            .finish_non_exhaustive()
    }
}
