//! How the connection learns that a body is through, or lost for another sending, without holding the body.
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
    flags: Option<Arc<Flags>>,
}

#[derive(Debug, Default)]
struct Flags {
    ended: AtomicBool,
    lost: AtomicBool,
}

impl Progress {
    pub(super) fn under_way() -> Self {
        Self {
            flags: Some(Arc::default()),
        }
    }

    pub(crate) const fn already_ended() -> Self {
        Self { flags: None }
    }

    pub(super) fn end(&self) {
        if let Some(flags) = &self.flags {
            flags.ended.store(true, Ordering::Release);
        }
    }

    /// So much was taken that the body can not be sent from its start again.
    pub(super) fn lose(&self) {
        if let Some(flags) = &self.flags {
            flags.lost.store(true, Ordering::Release);
        }
    }

    /// Whether so much was taken that the body can not be sent from its start again.
    #[cfg(feature = "hyper-util")]
    pub(crate) fn is_lost(&self) -> bool {
        let flags = self.flags.as_ref();
        flags.is_some_and(|flags| flags.lost.load(Ordering::Acquire))
    }

    /// Whether nothing further of the body can be written.
    ///
    /// True once the body was at its end when made, has yielded its end, its last frame (so that its `is_end_stream` is
    /// true) or an error, or was dropped. It never becomes false again. It does not say that the bytes have left:
    /// they may still lie in a buffer of the client's.
    pub fn is_ended(&self) -> bool {
        self.flags
            .as_ref()
            .is_none_or(|flags| flags.ended.load(Ordering::Acquire))
    }
}
