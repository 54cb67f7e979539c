//! reqwest's client, with replays.
//!
//! [`Client`] is made of what makes a [`reqwest::Client`], takes its [`Request`](reqwest::Request)s and gives
//! its [`Response`](reqwest::Response)s; what is sent again, and on what grounds, is decided as everywhere in this crate. It is
//! a tower service of both.
//!
//! ```
//! use std::time::Duration;
//! use unstale::reqwest::Client;
//!
//! # fn build() -> Result<Client, reqwest::Error> {
//! // before: let client = reqwest::Client::builder().user_agent("shop/1").build()?;
//! let client = Client::builder(|builder| builder.user_agent("shop/1"))
//!     .timeout(Duration::from_secs(30))
//!     .build()?;
//! # Ok(client)
//! # }
//! # async fn send(client: Client) -> Result<(), unstale::Error> {
//! // before: client.get(…).send(), and so it stays
//! let response = client.get("http://example.com/").send().await?;
//! println!("{}", response.status());
//! # Ok(())
//! # }
//! ```
//!
//! # What is different from reqwest
//!
//! - Redirects are followed above the replays, each hop a request of its own, by a [`RedirectPolicy`]: reqwest's own cannot be
//!   asked from outside. Default: ten, as reqwest.
//! - [`timeout`](ClientBuilder::timeout) spans all attempts and hops. One that is set in reqwest's own builder begins anew with
//!   each.
//! - What is set up is called twice, as there are two clients: the second has no pool, so that what is sent again goes over a
//!   new connection. What both must share, such as a cookie jar, is to be given as such (`cookie_provider`, not
//!   `cookie_store(true)`).
//! - reqwest's own retries are off: what they repeat (`REFUSED_STREAM`, `GOAWAY`) is repeated here, and is seen.
//!
//! - A [`RequestBuilder`] of its own: reqwest's would send past the replays.
//!
//! With the feature `reqwest-middleware` the [`Client`] is a middleware too, in the place of one that retries.
//!
//! # Which evidence there is
//!
//! reqwest lets nobody near its sockets. What is guaranteed nevertheless, and what is not, stands row by row in the repository, in
//! `docs/reqwest.md`. A client that exists already goes with [`Client::around`]; of its requests only safe ones (GET, HEAD,
//! OPTIONS, TRACE) are ever sent again, since it may follow redirects and does not say so.

mod builder;
mod call;
mod client;
#[cfg(feature = "reqwest-middleware")]
mod middleware;
mod redirect;
mod request;

pub use self::builder::ClientBuilder;
pub use self::client::{Client, ResponseFuture};
pub use self::redirect::{Hop, RedirectPolicy};
pub use self::request::RequestBuilder;
