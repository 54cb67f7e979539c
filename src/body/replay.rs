//! The request body that the HTTP client below is given, whichever attempt it is.
//!
//! One type for bodies that can be replayed and for those that never can, so that the client below has one type to
//! send. Its drop reports the end, because a connection that is given up drops its body in the middle.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::error::BodyError;
use super::progress::Progress;
use super::reader::Reader;
use super::source::{Source, Taken};
use crate::evidence::AttemptToken;

/// The body of one attempt: made by [`Tape::attempt`](super::Tape::attempt), or by [`once`](Self::once) for a request that
/// is never sent again.
///
/// `Unpin` whatever `B` is, and `Send` and `Sync` if `B` is `Send`.
///
/// If the body may exceed the limit of its tape, the first poll answers `Pending` and wakes its task at once: the head of the
/// request is then written before a frame is taken, and a connection found dead by that write costs nothing of the body.
///
/// It carries the [`AttemptToken`] of its attempt. Not `Clone`, so neither goes to the wire twice.
pub struct ReplayBody<B> {
    /// One word, since hyper moves a request about a dozen times on its way. `None`: no body, from the start, and no token.
    inside: Option<Box<Inside<B>>>,
}

struct Inside<B> {
    /// `None`: no body, from the start.
    flow: Option<Flow<B>>,
    token: Option<AttemptToken>,
}

struct Flow<B> {
    kind: Kind<B>,
    progress: Progress,
}

enum Kind<B> {
    /// At its end from the start; the hint is the original's.
    Ended(SizeHint),
    /// Passed through. The mutex makes it `Sync` for any `B: Send`; frames go past it, by `get_mut`.
    Once(Mutex<Source<B>>),
    Taped(Reader<B>),
}

impl<B> ReplayBody<B> {
    pub(super) fn ended(original_hint: SizeHint) -> Self {
        if original_hint.exact() == Some(0) {
            return Self::default();
        }
        Self::flowing(Kind::Ended(original_hint), Progress::already_ended())
    }

    pub(super) fn taped(reader: Reader<B>) -> Self {
        Self::flowing(Kind::Taped(reader), Progress::under_way())
    }

    fn flowing(kind: Kind<B>, progress: Progress) -> Self {
        let inside = Inside {
            flow: Some(Flow { kind, progress }),
            token: None,
        };
        Self {
            inside: Some(Box::new(inside)),
        }
    }

    fn flow(&self) -> Option<&Flow<B>> {
        self.inside.as_ref()?.flow.as_ref()
    }

    /// It is the body of the attempt that `token` marks from now on.
    #[inline]
    pub(crate) fn mark(&mut self, token: AttemptToken) {
        let token = Some(token);
        match &mut self.inside {
            Some(inside) => inside.token = token,
            None => self.inside = Some(Box::new(Inside { flow: None, token })),
        }
    }

    /// Takes the token of the attempt out, once; `None` if it was taken, or if this is the body of a request that some
    /// layer made by itself.
    ///
    /// For the adapter next to the wire, which ties its [`Evidence`](crate::evidence::Evidence) to it.
    #[inline]
    pub fn take_token(&mut self) -> Option<AttemptToken> {
        self.inside.as_mut()?.token.take()
    }

    /// Whether there is no body, from the start.
    #[cfg(feature = "client")]
    pub(super) fn is_none(&self) -> bool {
        self.flow().is_none()
    }

    /// A handle that tells when this body has nothing more to give.
    #[inline]
    pub fn progress(&self) -> Progress {
        self.flow()
            .map_or(Progress::already_ended(), |flow| flow.progress.clone())
    }
}

impl<B> ReplayBody<B>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    /// Passes a body through without recording it, for a request that is never sent again.
    pub fn once(body: B) -> Self {
        if body.is_end_stream() {
            return Self::ended(body.size_hint());
        }
        let source = Mutex::new(Source::new(body));
        Self::flowing(Kind::Once(source), Progress::under_way())
    }
}

/// No body. Layers that send a request of their own, such as a redirect followed without its body, make theirs by this.
impl<B> Default for ReplayBody<B> {
    fn default() -> Self {
        Self { inside: None }
    }
}

impl<B> Body for ReplayBody<B>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let inside = self.get_mut().inside.as_mut();
        let Some(Flow { kind, progress }) = inside.and_then(|inside| inside.flow.as_mut()) else {
            return Poll::Ready(None);
        };
        match kind {
            Kind::Ended(_) => Poll::Ready(None),
            Kind::Once(source) => {
                let source = source.get_mut().unwrap_or_else(PoisonError::into_inner);
                poll_once(source, cx, progress)
            }
            Kind::Taped(reader) => reader.poll_frame(cx, progress),
        }
    }

    fn is_end_stream(&self) -> bool {
        let Some(flow) = self.flow() else {
            return true;
        };
        match &flow.kind {
            Kind::Ended(_) => true,
            Kind::Once(source) => source
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .is_end_stream(),
            Kind::Taped(reader) => reader.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        let Some(flow) = self.flow() else {
            return SizeHint::with_exact(0);
        };
        match &flow.kind {
            Kind::Ended(original_hint) => *original_hint,
            Kind::Once(source) => source
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .size_hint(),
            Kind::Taped(reader) => reader.size_hint(),
        }
    }
}

fn poll_once<B>(source: &mut Source<B>, cx: &mut Context<'_>, progress: &Progress) -> Poll<Taken>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let taken = ready!(source.poll_take(cx));
    if !matches!(taken, Some(Ok(_))) || source.is_read_out() {
        progress.end();
    }
    Poll::Ready(taken)
}

impl<B> Drop for Flow<B> {
    fn drop(&mut self) {
        self.progress.end();
    }
}

// Not derived: that would ask for `B: Debug`.
impl<B> fmt::Debug for ReplayBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut body = f.debug_struct("ReplayBody");
        match self.flow().map(|flow| &flow.kind) {
            None | Some(Kind::Ended(_)) => body.field("kind", &"ended"),
            Some(Kind::Once(_)) => body.field("kind", &"once"),
            Some(Kind::Taped(reader)) => {
                body.field("kind", &"taped").field("stage", &reader.stage())
            }
        };
        body.field("ended", &self.progress().is_ended())
            .finish_non_exhaustive()
    }
}
