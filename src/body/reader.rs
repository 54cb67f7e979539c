//! One attempt's view of a taped body: where it is, and whether it still may read.
//!
//! Apart from the reel because each attempt has its own. It keeps the framing invariant: until its first frame, it
//! presents itself as the original did at the start, whatever has been learned of that since.
//!
//! ```text
//! HeadFirst ── polled: wakes itself, Pending ──▶ Ready ── first frame, or end ──▶ UnderWay
//! ```

use std::error::Error;
use std::task::{Context, Poll, ready};

use http_body::{Body, SizeHint};

use super::error::BodyError;
use super::progress::Progress;
use super::reel::Shared;
use super::source::Taken;

pub(super) struct Reader<B> {
    shared: Shared<B>,
    generation: u64,
    position: usize,
    stage: Stage,
    original_hint: SizeHint,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Answers `Pending` once, so that the client flushes the head alone. If the connection turns out dead at that
    /// write, no frame was taken from a body that may be too large to keep.
    HeadFirst,
    Ready,
    UnderWay,
}

impl<B> Reader<B> {
    pub(super) const fn new(
        shared: Shared<B>,
        generation: u64,
        stage: Stage,
        original_hint: SizeHint,
    ) -> Self {
        Self {
            shared,
            generation,
            position: 0,
            stage,
            original_hint,
        }
    }

    pub(super) const fn stage(&self) -> Stage {
        self.stage
    }

    pub(super) fn is_end_stream(&self) -> bool {
        let reel = self.shared.lock();
        // A record known to be empty does not make an untouched handle empty: the first attempt was not, and said so
        // in its head.
        self.stage == Stage::UnderWay
            && !reel.is_fenced(self.generation)
            && reel.is_over(self.position)
    }
}

impl<B> Reader<B>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    pub(super) fn poll_frame(&mut self, cx: &mut Context<'_>, progress: &Progress) -> Poll<Taken> {
        let mut reel = self.shared.lock();
        if reel.is_fenced(self.generation) {
            progress.end();
            return Poll::Ready(Some(Err(BodyError::fenced())));
        }
        if self.stage == Stage::HeadFirst {
            self.stage = Stage::Ready;
            drop(reel);
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let taken = ready!(reel.poll_frame(&mut self.position, cx));
        self.stage = Stage::UnderWay;
        // Asked under the same lock: a fence set a moment later does not undo that this was the last frame.
        if !matches!(taken, Some(Ok(_))) || reel.is_over(self.position) {
            progress.end();
        }
        if reel.lost().is_some() {
            progress.lose();
        }
        Poll::Ready(taken)
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        let reel = self.shared.lock();
        if reel.is_fenced(self.generation) {
            return SizeHint::default();
        }
        match self.stage {
            Stage::HeadFirst | Stage::Ready => self.original_hint,
            Stage::UnderWay => reel.size_hint(self.position),
        }
    }
}
