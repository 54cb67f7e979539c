//! The frames kept for another sending, within a limit.
//!
//! Apart so that the arithmetic of the limit is in one place. It keeps the invariant that what `held` says is the payload of
//! what is held, and never more than the limit it was given.

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::Frame;

use super::held::Held;

/// Data frames in order, then at most one frame of trailers. Empty data frames are not kept: they carry nothing, and any
/// number of them would pass under any limit.
#[derive(Default)]
pub(super) struct Record {
    data: Vec<Bytes>,
    trailers: Option<HeaderMap>,
    held: Held,
}

/// The frame would have exceeded the limit.
pub(super) struct Overflow;

impl Record {
    pub(super) fn push(&mut self, frame: &Frame<Bytes>, limit: usize) -> Result<(), Overflow> {
        let bytes = self
            .bytes()
            .checked_add(payload(frame))
            .filter(|bytes| *bytes <= limit)
            .ok_or(Overflow)?;
        if let Some(data) = frame.data_ref().filter(|data| !data.is_empty()) {
            self.data.push(data.clone());
        } else if let Some(trailers) = frame.trailers_ref() {
            self.trailers = Some(trailers.clone());
        }
        self.held.grow_to(bytes);
        Ok(())
    }

    /// The frame at this position, counted from 0; `None` beyond the last.
    pub(super) fn frame(&self, position: usize) -> Option<Frame<Bytes>> {
        if let Some(data) = self.data.get(position) {
            return Some(Frame::data(data.clone()));
        }
        let trailers = self.trailers.as_ref()?;
        (position == self.data.len()).then(|| Frame::trailers(trailers.clone()))
    }

    /// How many frames are held.
    pub(super) fn frames(&self) -> usize {
        self.data.len() + usize::from(self.trailers.is_some())
    }

    /// The payload held: data, and the names and values of trailers.
    pub(super) const fn bytes(&self) -> usize {
        self.held.bytes()
    }

    /// Bytes of data, without trailers, from this position on.
    pub(super) fn data_from(&self, position: usize) -> u64 {
        self.data
            .iter()
            .skip(position)
            .map(|data| data.len() as u64)
            .sum()
    }

    /// All data in one piece; a single chunk is shared, several are copied together.
    pub(super) fn concatenated(&self) -> Bytes {
        match self.data.as_slice() {
            [] => Bytes::new(),
            [only] => only.clone(),
            chunks => {
                let mut whole = BytesMut::with_capacity(chunks.iter().map(Bytes::len).sum());
                for chunk in chunks {
                    whole.extend_from_slice(chunk);
                }
                whole.freeze()
            }
        }
    }
}

fn payload(frame: &Frame<Bytes>) -> usize {
    let data = frame.data_ref().map_or(0, Bytes::len);
    let trailers = frame.trailers_ref().map_or(0, |trailers| {
        trailers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len())
            .sum()
    });
    data + trailers
}
