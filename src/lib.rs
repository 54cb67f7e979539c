//! Sends HTTP requests again that died on stale pooled connections, if and only if that is safe.
//!
//! A client keeps a connection open for its next request. The server closes it at its own idle timeout, the client sends
//! into it, and the caller reads `connection closed before message completed`. This crate goes around a client, watches
//! its connections, and repeats such a request where the request is idempotent or where there is evidence that the
//! server did not process it. Every decision is made from [evidence], and the evidence is handed to the caller.
//!
//! # Start
//!
//! [`Client`] is all of it assembled: `Client::new().get(uri).await`. To keep the client that there is:
//!
//! 1. Take the builder and the connector that hyper-util's client is made of now.
//! 2. Give both to [`stack::over_http`], or to [`stack::over_tls`] with what puts TLS on top, and a [`RetryPolicy`].
//! 3. Call the result as the tower service that it is; look into [`Error`] and [`Attempts`] to see why.
//!
#![cfg_attr(feature = "hyper-util", doc = "```no_run")]
#![cfg_attr(not(feature = "hyper-util"), doc = "```ignore")]
//! use bytes::Bytes;
//! use http_body_util::Full;
//! use hyper_util::client::legacy::{Client, connect::HttpConnector};
//! use hyper_util::rt::TokioExecutor;
//! use tower::ServiceExt;
//! use unstale::{Attempts, RetryPolicy, stack};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let builder = Client::builder(TokioExecutor::new());
//! let client = stack::over_http(&builder, HttpConnector::new(), RetryPolicy::default());
//!
//! let request = http::Request::post("http://example.com/").body(Full::<Bytes>::from("one=1"))?;
//! match client.oneshot(request).await {
//!     Ok(response) => println!("{} failed attempt(s) before", Attempts::of(&response).len()),
//!     Err(error) => println!("{error}; {:?}", error.evidence()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! For a stack of your own: [`TrackLayer`] on the connector (over TLS on both sides of it),
//! [`Attest`](client::hyper_util::Attest) around the client, [`ReplayLayer`] around that. The replay layer belongs inside
//! of everything that sends more than one request for a call: redirects, authentication, other retries. For a client
//! that is not hyper-util's, [`ReplayLayer`] fits any tower service whose error is [`Attested`](evidence::Attested).
//!
//! # What is replayed, and when
//!
//! | [`Delivery`](evidence::Delivery) of the failed attempt | idempotent, or with an `Idempotency-Key` | others, such as POST |
//! | --- | --- | --- |
//! | `NotSent`: not one byte left | yes | yes |
//! | `NotReceived`: it left, and no program received it | yes, twice | yes, twice |
//! | `Refused`: the server says that it did not process it | yes, twice | yes, twice |
//! | `Unknown`, on a kept-alive connection | once, from a budget | no |
//! | `Unknown`, on a connection opened for the request | no | no |
//! | `Received`: a response began | no | no |
//!
//! [`verdict::judge`] is the rule itself, one `match`; [`policy`] is what you allow on top of it. A connection that is
//! known to be dead refuses the request before one byte is written, so most replays are of requests that never left, and
//! cost nothing. An idempotent request may be executed twice; `RetryPolicy::safe_only()` leaves PUT and DELETE out.
//!
//! # The one assumption
//!
//! `NotReceived` is a proof by the kernel's own counters (Linux): the server's FIN came, nothing of the request had been
//! acknowledged then, and a RST answered the request. It rests on one assumption: *a program that has half-closed does not
//! act on bytes that came after and also reset the connection before its kernel acknowledged them (tens of ms).* Servers
//! that close fully at their timeout (nginx, `HAProxy`, Node, Go) cannot break it.
//! [`NonIdempotent::WhenNotSent`](policy::NonIdempotent::WhenNotSent) does without it. All other replays rest on no
//! assumption but that the server means what it says.
//!
//! The proof is asked for strictly. The request must have left in one write: of a body that was streamed in several
//! pieces, a half-closed peer could act on the first and close, and the RST that answers the second would be taken for
//! the proof. And when the request began, the kernel must have counted exactly as many bytes acknowledged as had been
//! written before. Where either fails, it is `Unknown`. A 408 on a kept-alive connection is taken for `Refused` by the
//! same proof alone.
//!
//! The proof speaks of the next machine that ends the TCP connection: a load balancer is the server here. Byte relays
//! (`ssh -L`, CONNECT proxies) mostly give `Unknown`. On HTTP/2 connections there are hyper's own words only.
//!
//! # Cost
//!
//! On the way that works, one system call more a request (`getsockopt(TCP_INFO)`), and one more a connection: 2,000
//! requests over one connection are 8,420 system calls with hyper-util alone, and 10,421 with this crate. Of a body, what
//! was taken is kept until the answer comes, up to the replay limit and without a copy.
//!
//! # Cancel safety
//!
//! Dropping the future of a call drops the attempt that is under way, as hyper-util does: the connection is closed unless
//! the response had arrived. Nothing of this crate is left behind, and nothing is sent again. What was sent by then may be
//! executed.
//!
//! # Runtime
//!
//! tokio, with its time and I/O drivers on (`enable_all`, or `#[tokio::main]`), on either flavour: the feature
//! `hyper-util` waits on sockets and on the clock. Without it the crate needs a runtime for pauses and deadlines only
//! (feature `tokio`), and without that none.
//!
//! On a multi-thread runtime, when a connection dies in the instant in which a request is handed over to it, hyper-util's
//! own future can stay pending for ever (seen without this crate: hyper-util 0.1.21, hyper 1.12.0, in 3 of 600 bursts of
//! 100 requests). There is no failure then, and no evidence; where that matters, set a `deadline` in the policy.
//!
//! # Tracing
//!
//! With the feature `tracing` these spans and events, target `unstale`, names and fields after OpenTelemetry's conventions where
//! those have one. Of an address the origin is told and nothing else: paths and queries may hold secrets. Where nobody
//! listens, a call costs a look at the level.
//!
//! | span, level debug | from, to | fields |
//! | --- | --- | --- |
//! | `unstale.request` | a call, to its answer's head, its error, or its drop | `http.request.method`, `url.scheme`, `server.address`, `server.port`, `otel.kind`; at its end `outcome` (`answered`, `failed`, `dropped`), `http.response.status_code`, `error.type` (the [`Refusal`](verdict::Refusal)), `http.request.resend_count` if it was sent again |
//! | `unstale.connect` | a connection is being opened by [`Client`], to its being open or its failure | `url.scheme`, `server.address`, `server.port`; `connection` or `error` |
//! | `unstale.connection` | a connection of [`Client`], to the end of its socket | `connection`, `url.scheme`, `server.address`, `server.port`, `network.protocol.name`, `network.protocol.version`; `ended_by` (the [`DiscardReason`]) |
//!
//! The last two have no parent, as a connection outlives the request that it was opened for: they follow from it.
//!
//! | event | level, span | fields |
//! | --- | --- | --- |
//! | `unstale.verdict` | debug, in the request's | an attempt failed and this was decided: `http.request.method`, `attempt`, `replay`, `reason`, `delivery`, `end`, `reuse`, `connection`, `sent`, `acknowledged`, `received` |
//! | `unstale.connect.failed` | debug, in its own | `error`, with its sources |
//! | `unstale.connection.opened`, `.closed` | debug, in the connection's | `connection` |
//! | `unstale.connection.discarded` | debug, in the connection's | `connection`, `reason` |
//! | `unstale.connection.reused` | trace, in the request's | `connection` |
//!
//! `connection` is the number that [`Trace::connection`](evidence::Trace::connection) and [`Client::connections`] name.
//!
//! # Stability
//!
//! Before 1.0 a minor version may break; the changelog says what and how to follow. All public enums are
//! `#[non_exhaustive]`. What the crate reads of hyper-util beyond its documented interface (when it clones a connection's
//! extra) is held by tests; if that changes, proofs are lost and none is forged. Rust 1.85 is the oldest supported
//! version; to raise it is no breaking change.
//!
//! # Features
//!
//! - `client` (default): [`Client`], on a pool of our own. Brings `hyper-util`.
//! - `http2` (default): HTTP/2 for it.
//! - `tls` (default): TLS for it, by rustls with the provider ring, which needs a C compiler and nothing else.
//! - `hyper-util` (default): the taps, the adapter for hyper-util's client, and [`stack`]. Brings `tokio`.
//! - `tokio` (default): pauses and deadlines. What sets them is there with it only, as nothing else can wait.
//! - `tracing`: spans and events, see above.

#![cfg_attr(
    not(feature = "hyper-util"),
    allow(
        rustdoc::broken_intra_doc_links,
        reason = "the crate's own page speaks of the taps and of the stack, which are not there then"
    )
)]

pub mod body;
#[cfg(feature = "hyper-util")]
pub mod client;
#[cfg(feature = "hyper-util")]
pub mod conn;
mod error;
pub mod evidence;
pub mod policy;
#[cfg(feature = "client")]
mod pool;
pub mod replay;
pub mod request;
#[cfg(feature = "hyper-util")]
pub mod stack;
pub mod verdict;

pub use crate::body::ReplayBody;
#[cfg(feature = "client")]
pub use crate::client::pooled::ResponseBody;
#[cfg(feature = "hyper-util")]
pub use crate::conn::TrackLayer;
pub use crate::error::Error;
pub use crate::policy::RetryPolicy;
#[cfg(feature = "client")]
pub use crate::pool::{Connection, Connections, Counters, DiscardReason, Observer, Protocol};
pub use crate::replay::{Attempts, Replay, ReplayLayer};
#[cfg(feature = "client")]
pub use crate::stack::{BuildError, Client, ClientBuilder};

/// The code in the README, compiled.
#[cfg(all(doctest, feature = "hyper-util"))]
#[doc = include_str!("../README.md")]
struct Readme;
