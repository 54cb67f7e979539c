//! Request bodies made of given frames, which may wait or fail between them.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

/// Yields its frames; `None` stands for an error. Of unknown length.
#[derive(Debug, Default)]
pub struct Frames {
    frames: VecDeque<Option<Frame<Bytes>>>,
    waits: bool,
}

impl Frames {
    pub fn data(pieces: impl IntoIterator<Item = Bytes>) -> Self {
        let frames = pieces.into_iter().map(Frame::data).map(Some).collect();
        Self {
            frames,
            waits: false,
        }
    }

    pub fn with_trailers(mut self, trailers: HeaderMap) -> Self {
        self.frames.push_back(Some(Frame::trailers(trailers)));
        self
    }

    /// Fails after its frames.
    pub fn failing(mut self) -> Self {
        self.frames.push_back(None);
        self
    }

    /// Waits for ever after its frames.
    pub fn waiting(mut self) -> Self {
        self.waits = true;
        self
    }
}

impl Body for Frames {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.frames.pop_front() {
            Some(Some(frame)) => Poll::Ready(Some(Ok(frame))),
            Some(None) => Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into()))),
            None if self.waits => Poll::Pending,
            None => Poll::Ready(None),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

/// Bytes, and a way to learn whether anybody still holds them.
pub fn watched(data: &[u8]) -> (Bytes, Weak<()>) {
    struct Owner {
        data: Vec<u8>,
        _alive: Arc<()>,
    }
    impl AsRef<[u8]> for Owner {
        fn as_ref(&self) -> &[u8] {
            &self.data
        }
    }
    let alive = Arc::new(());
    let held = Arc::downgrade(&alive);
    let owner = Owner {
        data: data.to_vec(),
        _alive: alive,
    };
    (Bytes::from_owner(owner), held)
}
