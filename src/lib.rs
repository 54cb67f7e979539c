//! An HTTP client whose caller never sees a stale connection.

pub mod body;
#[cfg(feature = "hyper-util")]
pub mod client;
#[cfg(feature = "hyper-util")]
pub mod conn;
mod error;
pub mod evidence;
pub mod policy;
pub mod replay;
pub mod request;
#[cfg(feature = "hyper-util")]
pub mod stack;
pub mod verdict;

pub use crate::body::ReplayBody;
#[cfg(feature = "hyper-util")]
pub use crate::conn::TrackLayer;
pub use crate::error::Error;
pub use crate::policy::RetryPolicy;
pub use crate::replay::{Attempts, Replay, ReplayLayer};
