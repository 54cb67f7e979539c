//! Why a server could not be probed: the words, and the exit code.
//!
//! Apart so that both stand side by side. Invariant: a code means one thing, and `--help` lists it.

use std::path::PathBuf;
use std::time::Duration;

use crate::connection::Protocol;

/// Why there is nothing to report of a URL.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{url:?} is no URL to probe: {why}")]
    Url { url: String, why: &'static str },
    #[error("cannot reach {host}: {why}")]
    Unreachable { host: String, why: String },
    #[error("TLS with {host} failed: {why}")]
    Tls { host: String, why: String },
    #[error("{host} does not speak {protocol}: {began}")]
    NotHttp {
        host: String,
        protocol: Protocol,
        began: String,
    },
    #[error("{host} closes every connection without an answer")]
    ClosesUnanswered { host: String },
    #[error(
        "{host} closes every connection after one answer{}: none is ever idle, so there is nothing to go stale, and nothing to reuse",
        if *.announced { ", and says so (Connection: close)" } else { ", without saying so" }
    )]
    ClosesAnswered { host: String, announced: bool },
    #[error("{host} has not answered for {} s", .after.as_secs())]
    NoAnswer { host: String, after: Duration },
    #[error("cannot {act} {}: {why}", .path.display())]
    File {
        act: &'static str,
        path: PathBuf,
        why: String,
    },
    #[error("interrupted before anything was known")]
    Interrupted,
}

impl Failure {
    /// The exit code.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Url { .. } => 2,
            Self::Unreachable { .. } => 3,
            Self::Tls { .. } => 4,
            Self::NotHttp { .. } => 5,
            Self::ClosesUnanswered { .. } | Self::ClosesAnswered { .. } => 6,
            Self::NoAnswer { .. } => 7,
            Self::File { .. } => 8,
            Self::Interrupted => 130,
        }
    }

    /// Its name for programs.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Url { .. } => "url",
            Self::Unreachable { .. } => "unreachable",
            Self::Tls { .. } => "tls",
            Self::NotHttp { .. } => "not_http",
            Self::ClosesUnanswered { .. } | Self::ClosesAnswered { .. } => {
                "closes_every_connection"
            }
            Self::NoAnswer { .. } => "no_answer",
            Self::File { .. } => "file",
            Self::Interrupted => "interrupted",
        }
    }
}
