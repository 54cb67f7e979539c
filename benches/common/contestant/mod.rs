//! Who is compared. A contestant is a file here, its `mod`, and a line in the list below.
//!
//! Invariant: every contestant does the same thing, a GET whose body is read to its end, as its users would write it.

mod bare;
mod client;
mod layered;
mod legacy;
mod over_http;
mod reqwest;

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;

use bytes::Buf;
use http_body::Body;
use http_body_util::BodyExt;

use super::{Failure, Outcome};

/// The type of a request's body, of clients that have one for all requests: what hyper-util's documentation takes. None that is
/// sent here has any.
#[cfg(not(feature = "__bodiless"))]
type RequestBody = http_body_util::Full<bytes::Bytes>;
/// That of a client which can send nothing but requests without.
#[cfg(feature = "__bodiless")]
type RequestBody = http_body_util::Empty<bytes::Bytes>;

/// One way to send requests.
pub(crate) trait Contestant: Sized + Send + 'static {
    /// An address as this one wants it; parsed once, and not for each request.
    type Url: Clone + Send + Sync + 'static;

    fn url(text: &str) -> Outcome<Self::Url>;

    /// Ready to send to `server`, or to any host.
    fn start(server: SocketAddr) -> impl Future<Output = Outcome<Self>> + Send;

    /// Another user of the same pool; of what has no pool, another connection.
    fn another(&self) -> impl Future<Output = Outcome<Self>> + Send;

    /// One request, its answer read to the end.
    fn get(&mut self, url: &Self::Url) -> impl Future<Output = Outcome<()>> + Send;
}

/// What can be done with any contestant.
pub(crate) trait Job {
    type Output;

    fn run<C: Contestant>(self) -> Self::Output;
}

/// Where a contestant keeps its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pool {
    /// It is one connection.
    None,
    Own,
    /// In hyper-util's pool, which is measured as its own contestant.
    Borrowed,
}

macro_rules! contestants {
    ($($kind:ident, $name:literal, $contestant:ty, $pool:expr;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Kind {
            $($kind,)*
        }

        impl Kind {
            pub(crate) const ALL: &[Self] = &[$(Self::$kind,)*];

            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            fn pool(self) -> Pool {
                match self {
                    $(Self::$kind => $pool,)*
                }
            }

            pub(crate) fn run<J: Job>(self, job: J) -> J::Output {
                match self {
                    $(Self::$kind => job.run::<$contestant>(),)*
                }
            }
        }
    };
}

contestants! {
    Bare, "bare", bare::Bare, Pool::None;
    Legacy, "legacy", legacy::Legacy, Pool::Own;
    Reqwest, "reqwest", reqwest::Reqwest, Pool::Borrowed;
    Layered, "layered", layered::Layered, Pool::Borrowed;
    OverHttp, "over_http", over_http::OverHttp, Pool::Borrowed;
    Client, "client", client::Own, Pool::Own;
}

impl Kind {
    /// Those that keep connections between requests and decide which one to use.
    pub(crate) fn pooled() -> Vec<Self> {
        Self::all_but(&[Pool::None])
    }

    /// One contestant for each pool there is.
    pub(crate) fn with_own_pool() -> Vec<Self> {
        Self::all_but(&[Pool::None, Pool::Borrowed])
    }

    fn all_but(pools: &[Pool]) -> Vec<Self> {
        let all = Self::ALL.iter().copied();
        all.filter(|kind| !pools.contains(&kind.pool())).collect()
    }

    pub(crate) fn named(name: &str) -> Outcome<Self> {
        let mut all = Self::ALL.iter().copied();
        let found = all.find(|kind| kind.name() == name);
        found.ok_or_else(|| format!("there is no contestant {name}").into())
    }
}

/// Reads a body to its end, and looks that it is the server's.
async fn read_to_end<B>(body: B) -> Outcome<()>
where
    B: Body,
    B::Error: Into<Failure>,
{
    let mut body = pin!(body);
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(Into::into)?.into_data() {
            length += data.remaining();
        }
    }
    must_be_the_answer(length)
}

fn must_be_the_answer(length: usize) -> Outcome<()> {
    match length {
        2 => Ok(()),
        _ => Err(format!("{length} bytes were answered").into()),
    }
}
