//! Why the beginning of a body is gone: a reason as data, with words for it.
//!
//! Apart from the tape because the reel below it keeps the reason, and above it the log, the error and the counter show it.

/// Why a body can not be sent from its start again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lost {
    /// The body is larger than the replay limit, and what had been recorded was dropped.
    OverLimit,
    /// The body supplied by the caller yielded an error.
    CallerError,
}

impl Lost {
    /// Says it in words, for a log line or an error message.
    pub const fn explain(self) -> &'static str {
        match self {
            Self::OverLimit => {
                "the request body is larger than the replay limit, so its beginning was not kept for another sending; \
                 raise the limit if bodies of this size have to be sent again"
            }
            Self::CallerError => {
                "the request body supplied by the caller failed, so there is no complete body to send again"
            }
        }
    }
}
