//! How the connection learns that a body is through, without holding the body.
//!
//! Apart because it goes to another owner: the body is given away to the HTTP client, this handle is kept. The end is
//! stored (release) by the task that polls the body, before it returns, so whoever reads it (acquire) also sees what
//! that task did earlier.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tells whether one [`ReplayBody`](super::ReplayBody) has nothing more to give.
///
/// Cheap to clone; all clones speak of the same body, which they do not keep alive.
#[derive(Clone, Debug)]
pub struct Progress {
    /// `None`: ended from the start, for which nothing needs to be allocated.
    ended: Option<Arc<AtomicBool>>,
}

impl Progress {
    pub(super) fn under_way() -> Self {
        Self {
            ended: Some(Arc::default()),
        }
    }

    pub(super) const fn already_ended() -> Self {
        Self { ended: None }
    }

    pub(super) fn end(&self) {
        if let Some(ended) = &self.ended {
            ended.store(true, Ordering::Release);
        }
    }

    /// Whether nothing further of the body can be written.
    ///
    /// True once the body was at its end when made, has yielded its end, its last frame (so that its `is_end_stream` is
    /// true) or an error, or was dropped. It never becomes false again. It does not say that the bytes have left:
    /// they may still lie in a buffer of the client's.
    pub fn is_ended(&self) -> bool {
        self.ended
            .as_ref()
            .is_none_or(|ended| ended.load(Ordering::Acquire))
    }
}
