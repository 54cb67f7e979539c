//! An original body that follows a script and counts what is done to it, and what polls the handles.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::{Body, Frame, SizeHint};

use super::super::{BodyError, ReplayBody};

#[derive(Clone, Debug)]
pub(super) enum Step {
    Data(Bytes),
    Trailers(HeaderMap),
    Pending,
    Fail,
}

#[derive(Debug, thiserror::Error)]
#[error("the disk is on fire")]
pub(super) struct DiskOnFire;

/// What the script has seen; outlives the body.
#[derive(Clone, Debug, Default)]
pub(super) struct Witness {
    polls: Arc<AtomicUsize>,
    dropped: Arc<AtomicBool>,
}

impl Witness {
    pub(super) fn polls(&self) -> usize {
        self.polls.load(Ordering::Relaxed)
    }

    pub(super) fn is_dropped(&self) -> bool {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// Panics if polled after its end or its error. Not `Debug`, on purpose.
pub(super) struct Script {
    steps: VecDeque<Step>,
    hint: SizeHint,
    /// Whether `is_end_stream` tells of the end as soon as the last step was taken.
    eager: bool,
    over: bool,
    witness: Witness,
}

impl Script {
    /// Of unknown size.
    pub(super) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            steps: steps.into_iter().collect(),
            hint: SizeHint::default(),
            eager: false,
            over: false,
            witness: Witness::default(),
        }
    }

    /// Of known size; tells its end as soon as it can.
    pub(super) fn sized(steps: impl IntoIterator<Item = Step>) -> Self {
        let mut script = Self::new(steps);
        script.hint = SizeHint::with_exact(script.steps.iter().map(Step::data_len).sum());
        script.eager = true;
        script
    }

    pub(super) fn witness(&self) -> Witness {
        self.witness.clone()
    }
}

impl Step {
    pub(super) fn data_len(&self) -> u64 {
        match self {
            Self::Data(data) => data.len() as u64,
            _ => 0,
        }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.witness.dropped.store(true, Ordering::Relaxed);
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = DiskOnFire;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, DiskOnFire>>> {
        let this = self.get_mut();
        assert!(!this.over, "polled after its end");
        this.witness.polls.fetch_add(1, Ordering::Relaxed);
        match this.steps.pop_front() {
            Some(Step::Data(data)) => {
                if let Some(left) = this.hint.exact() {
                    this.hint = SizeHint::with_exact(left - data.len() as u64);
                }
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Some(Step::Trailers(trailers)) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            Some(Step::Pending) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Step::Fail) => {
                this.over = true;
                Poll::Ready(Some(Err(DiskOnFire)))
            }
            None => {
                this.over = true;
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.eager && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}

pub(super) fn data(text: &'static str) -> Step {
    Step::Data(Bytes::from_static(text.as_bytes()))
}

/// One trailer, `sum: 42`, which counts as five bytes.
pub(super) fn sum() -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert("sum", HeaderValue::from_static("42"));
    trailers
}

pub(super) fn poll<B>(body: &mut ReplayBody<B>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop()))
}

/// The next answer that is not `Pending`.
pub(super) fn ready<B>(body: &mut ReplayBody<B>) -> Option<Result<Frame<Bytes>, BodyError>>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    loop {
        if let Poll::Ready(taken) = poll(body) {
            return taken;
        }
    }
}

/// The next frame, which must be data.
pub(super) fn chunk<B>(body: &mut ReplayBody<B>) -> Bytes
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    ready(body).unwrap().unwrap().into_data().unwrap()
}

/// Everything up to the end.
pub(super) fn drain<B>(body: &mut ReplayBody<B>) -> (Vec<u8>, Option<HeaderMap>)
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (mut bytes, mut trailers) = (Vec::new(), None);
    while let Some(frame) = ready(body) {
        match frame.unwrap().into_data() {
            Ok(data) => bytes.extend_from_slice(&data),
            Err(other) => trailers = other.into_trailers().ok(),
        }
    }
    (bytes, trailers)
}
