//! The body of an attempt with its type forgotten, so that one pool serves requests of any body.
//!
//! No body (a GET) is not boxed.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::error::BodyError;
use super::replay::ReplayBody;
use super::valve::Valve;
use super::withheld::Withheld;

type Boxed = Pin<Box<dyn Body<Data = Bytes, Error = BodyError> + Send + Sync>>;

/// A [`ReplayBody`] of some type. One word, since hyper moves a request about a dozen times on its way.
pub(crate) struct Erased(Option<Box<Boxed>>);

impl Erased {
    /// The same body, which yields nothing before the valve is opened.
    pub(crate) fn behind(self, valve: Valve) -> Self {
        let body = Withheld { body: self, valve };
        Self(Some(Box::new(Box::pin(body))))
    }

    /// No body.
    pub(crate) fn none() -> Self {
        Self(None)
    }
}

impl<B> From<ReplayBody<B>> for Erased
where
    B: Body + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    fn from(body: ReplayBody<B>) -> Self {
        if body.is_none() {
            Self(None)
        } else {
            Self(Some(Box::new(Box::pin(body))))
        }
    }
}

impl Body for Erased {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.0 {
            None => Poll::Ready(None),
            Some(body) => (**body).as_mut().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let body = self.0.as_ref();
        body.map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl fmt::Debug for Erased {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Erased")
    }
}
