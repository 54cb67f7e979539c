//! What the tape and all handles of one body share, behind one lock.
//!
//! Apart from both because neither owns it. The invariant: the original is polled under this lock alone, and only by
//! whoever holds the latest generation; so the record always is a prefix of the original, and the latest handle has
//! yielded all of it before it takes a new frame.

use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::lost::Lost;
use super::record::{Overflow, Record};
use super::source::{Source, Taken};

pub(super) struct Shared<B>(Arc<Mutex<Reel<B>>>);

impl<B> Shared<B> {
    pub(super) fn new(original: B, limit: usize) -> Self {
        Self(Arc::new(Mutex::new(Reel {
            generation: 0,
            source: Source::new(original),
            recording: Ok(Record::default()),
            limit,
            started: false,
        })))
    }

    /// A panic of the caller's body poisons the lock, but leaves the reel itself whole.
    pub(super) fn lock(&self) -> MutexGuard<'_, Reel<B>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// Not derived: that would ask for `B: Clone`.
impl<B> Clone for Shared<B> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

pub(super) struct Reel<B> {
    generation: u64,
    source: Source<B>,
    recording: Result<Record, Lost>,
    limit: usize,
    started: bool,
}

impl<B> Reel<B> {
    /// Fences every handle there is; returns the generation that may read from now on.
    pub(super) const fn fence(&mut self) -> u64 {
        self.generation += 1;
        self.generation
    }

    pub(super) const fn is_fenced(&self, generation: u64) -> bool {
        self.generation != generation
    }

    pub(super) fn lost(&self) -> Option<Lost> {
        self.recording.as_ref().err().copied()
    }

    pub(super) fn recorded(&self) -> usize {
        self.recording.as_ref().map_or(0, Record::bytes)
    }

    pub(super) const fn is_started(&self) -> bool {
        self.started
    }

    pub(super) fn collected(&self) -> Option<Bytes> {
        let record = self.recording.as_ref().ok()?;
        self.source.is_read_out().then(|| record.concatenated())
    }

    /// Nobody can ask for another sending any more, so the next payload taken ends the recording and frees it. Not freed
    /// at once, because the latest handle may still be playing it.
    pub(super) const fn stop_recording(&mut self) {
        self.limit = 0;
    }

    /// Whether a handle at this position has yielded all there is and ever will be.
    pub(super) fn is_over(&self, position: usize) -> bool {
        let played = self
            .recording
            .as_ref()
            .map_or(true, |record| position >= record.frames());
        played && self.source.is_read_out()
    }

    fn keep(&mut self, frame: &Frame<Bytes>) {
        let Ok(record) = &mut self.recording else {
            return;
        };
        if let Err(Overflow) = record.push(frame, self.limit) {
            self.recording = Err(Lost::OverLimit);
        }
    }
}

impl<B> Reel<B>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    /// The frame at this position: from the record, or else the next of the original. Moves the position behind it.
    pub(super) fn poll_frame(&mut self, position: &mut usize, cx: &mut Context<'_>) -> Poll<Taken> {
        if let Some(frame) = self.replayed(*position) {
            *position += 1;
            return Poll::Ready(Some(Ok(frame)));
        }
        let taken = ready!(self.poll_original(cx));
        *position = self.recording.as_ref().map_or(0, Record::frames);
        Poll::Ready(taken)
    }

    /// Fences every handle, and reads on until the original is whole in the record, or lost.
    pub(super) fn poll_collect(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.fence();
        while self.recording.is_ok() && !self.source.is_read_out() {
            ready!(self.poll_original(cx));
        }
        Poll::Ready(self.collected())
    }

    /// The size hint of what a handle at this position still has to yield.
    pub(super) fn size_hint(&self, position: usize) -> SizeHint {
        let recorded = self
            .recording
            .as_ref()
            .map_or(0, |record| record.data_from(position));
        let rest = self.source.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(recorded));
        if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(recorded)) {
            hint.set_upper(upper);
        }
        hint
    }

    fn replayed(&self, position: usize) -> Option<Frame<Bytes>> {
        self.recording.as_ref().ok()?.frame(position)
    }

    fn poll_original(&mut self, cx: &mut Context<'_>) -> Poll<Taken> {
        let taken = ready!(self.source.poll_take(cx));
        match &taken {
            Some(Ok(frame)) => {
                self.started = true;
                self.keep(frame);
            }
            Some(Err(_)) => self.recording = Err(Lost::CallerError),
            None => {}
        }
        Poll::Ready(taken)
    }
}
