//! What a request permits: its method's semantics, the caller's word for this one request, which connections it
//! accepts, and a GET in its place.
//!
//! Apart from the verdict because it is read off the request before the first attempt, when nothing has failed yet.
//! Nothing here does I/O, waits, or reads a clock.

mod as_get;
mod expect;
mod fresh;
mod options;
#[cfg(feature = "client")]
mod precautions;
mod preflight;
mod profile;
mod recent;
mod wish;

pub use self::as_get::{ConvertToGet, FormToGet, NotConvertible};
pub use self::expect::ExpectOnReuse;
pub use self::fresh::OnFreshConnection;
pub use self::options::{Permission, RequestOptions};
#[cfg(feature = "client")]
pub(crate) use self::precautions::Precautions;
pub use self::preflight::Preflight;
pub(crate) use self::profile::IDEMPOTENCY_KEY;
pub use self::profile::{RequestProfile, Semantics};
pub use self::recent::OnRecentConnection;
pub use self::wish::ConnectionWish;
