//! An HTTP client whose caller never sees a stale connection.
//!
//! A client keeps a connection open for its next request. The server closes it at its own idle timeout, the client sends
//! into it, and the caller reads `connection closed before message completed`. This crate asks the kernel before it uses a
//! connection, and sends what was lost all the same again where the request is idempotent, or where there is evidence that the
//! server did not process it. Every decision is made from [evidence], and the evidence is handed to the caller.
//!
//! # Start
//!
//! [`Client`] is all of it assembled:
//!
#![cfg_attr(feature = "client", doc = "```")]
#![cfg_attr(not(feature = "client"), doc = "```ignore")]
//! use unstale::{Attempts, Client};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let shop = "https://shop.example";
//! # use unstale::test_peer::{Peer, Script, Tls};
//! # let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
//! # let shop = format!("http://{}", peer.addr());
//! let client = Client::new();
//! # let client = unstale::Client::builder().no_proxy().build()?;
//! let response = client.get(format!("{shop}/menu")).await?;
//! println!("{}", String::from_utf8_lossy(&response.into_body().bytes().await?));
//!
//! let order = http::Request::post(format!("{shop}/orders")).body("one=1".to_owned())?;
//! match client.request(order).await {
//!     Ok(response) => println!("{} failed attempt(s) before", Attempts::of(&response).len()),
//!     Err(error) => println!("{error}; {:?}", error.evidence()),
//! }
//! println!("{}{}", client.connections(), client.counters());
//! # Ok(())
//! # }
//! ```
//!
//! To keep a client of hyper-util's that there is:
//!
//! 1. Take the builder and the connector that it is made of now.
//! 2. Give both to [`stack::over_http`], or to [`stack::over_tls`] with what puts TLS on top, and a [`RetryPolicy`].
//! 3. Call the result as the tower service that it is; look into [`Error`] and [`Attempts`] to see why.
//!
#![cfg_attr(feature = "hyper-util", doc = "```")]
#![cfg_attr(not(feature = "hyper-util"), doc = "```ignore")]
//! use bytes::Bytes;
//! use http_body_util::Full;
//! use hyper_util::client::legacy::{Client, connect::HttpConnector};
//! use hyper_util::rt::TokioExecutor;
//! use tower::ServiceExt;
//! use unstale::{RetryPolicy, stack};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let shop = "http://shop.example";
//! # use unstale::test_peer::{Peer, Script, Tls};
//! # let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
//! # let shop = format!("http://{}", peer.addr());
//! let builder = Client::builder(TokioExecutor::new());
//! let client = stack::over_http(&builder, HttpConnector::new(), RetryPolicy::default());
//!
//! let request = http::Request::get(format!("{shop}/menu")).body(Full::<Bytes>::default())?;
//! println!("{}", client.oneshot(request).await?.status());
//! # Ok(())
//! # }
//! ```
//!
//! To keep reqwest's client: [`reqwest::Client`], with the feature `reqwest`.
//!
//! For a stack of your own: [`TrackLayer`] on the connector (over TLS on both sides of it),
//! [`Attest`](client::hyper_util::Attest) around the client, [`ReplayLayer`] around that. The replay layer belongs inside
//! of everything that sends more than one request for a call: redirects, authentication, other retries. For a client
//! that is not hyper-util's, [`ReplayLayer`] fits any tower service whose error is [`Attested`](evidence::Attested).
//!
//! The [`cookbook`] answers what people look for: *connection closed before message completed*, load balancers, frozen
//! processes, POSTs that must not run twice.
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
//! act on bytes that came after and also reset the connection before an acknowledgement of them has reached the client (tens
//! of ms).* Servers that close fully at their timeout (nginx, `HAProxy`, Node, Go) cannot break it.
//! [`NonIdempotent::WhenNotSent`](policy::NonIdempotent::WhenNotSent) does without it. All other replays rest on no
//! assumption but that the server means what it says.
//!
//! One is known that does not: `http2session.goaway()` of Node.js (20.20), called by hand, disowns streams and serves them all
//! the same. Its `session.close()` is sound. `RetryPolicy::builder().refused(0)` takes no server's word.
//!
//! The proof is asked for strictly. The request must have left in one write: of a body that was streamed in several
//! pieces, a half-closed peer could act on the first and close, and the RST that answers the second would be taken for
//! the proof. And when the request began, the kernel must have counted exactly as many bytes acknowledged as had been
//! written before. Where either fails, it is `Unknown`. A 408 on a kept-alive connection is taken for `Refused` by the
//! same proof alone.
//!
//! The proof speaks of the next machine that ends the TCP connection: a load balancer is the server here. Byte relays
//! (`ssh -L`, CONNECT proxies) mostly give `Unknown`. Why all of this may be believed, packet by packet, stands in the
//! repository, in `docs/evidence.md`.
//!
//! # Prevention
//!
//! The best replay is the one that is not needed. How long a server keeps an idle connection is announced by it (`Keep-Alive:
//! timeout=`), learned from its closes of idle connections (two that agree, from different moments), or configured; a connection is
//! given up before that, by a round trip and 200 ms. After the machine has slept, or the process stood still, what lay idle
//! meanwhile is used only if its server is known to keep it for longer. On by default, see [`Prevention`]; `docs/prevention.md` in the
//! repository says how it learns, what it is worth, and where it ends.
//!
//! # HTTP/2
//!
//! [`Client`] speaks it where the TLS handshake comes out with it (ALPN), or to every origin with
//! [`http2_prior_knowledge`](ClientBuilder::http2_prior_knowledge): one connection for each origin, opened once however many
//! requests wait for it, and another when its streams run out or the server said `GOAWAY`. There is no proof on it: whether a
//! stream was processed is told by the server (`REFUSED_STREAM`, `GOAWAY`: `Refused`), or it is `Unknown`; the kernel is asked
//! when a request is handed over, and no byte of an answer that has arrived is lost with the connection. A silent peer is found
//! by [`http2_keep_alive_interval`](ClientBuilder::http2_keep_alive_interval) alone, which is off by default. Around
//! hyper-util's client there are hyper's own words only.
//!
//! # Black holes
//!
//! A firewall, or a NAT, that has forgotten an idle connection drops what is sent on it and says nothing. A request over a
//! kept-alive HTTP/1 connection that had been idle for a second or more is therefore watched (Linux): once the kernel has heard
//! nothing at all since the request was written, not an acknowledgement, and has retransmitted it twice, the connection is
//! [`Silent`](evidence::End::Silent). An idempotent request is then sent again over a fresh connection, and the old one aborted
//! before that, so that nothing of the old sending follows the new one; its siblings that have been idle as long are given up. A
//! POST is waited on. All of this is the policy's to set: `RetryPolicyBuilder::watch_after_idle` and `when_silent`; around
//! hyper-util's client it is off until `Attest::watching` turns it on. A server that is slow is not silent: its kernel
//! acknowledges. HTTP/2 has its keep-alive for this, see above.
//!
//! # TLS
//!
//! By rustls with the provider ring; the roots are those of the platform, read when the first `https` connection wants them,
//! and those of [`add_root_certificate`](ClientBuilder::add_root_certificate). Early data (0-RTT) is never sent. What is
//! replayed, and when, is the same as in cleartext: bytes of a response are counted above TLS, the socket is watched below it.
//!
//! # Proxies
//!
//! `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` are read when a client is built, in capitals or not; see
//! [`proxy`](ClientBuilder::proxy) and [`no_proxy`](ClientBuilder::no_proxy). A proxy must be an HTTP proxy: `http://` origins are
//! asked of it, `https://` origins reached by a tunnel (CONNECT). The evidence is about the connection to the proxy then.
//!
//! # Limits
//!
//! By default none: neither on connections nor on idle ones, but for their time (90 seconds idle). Of each kind there is one
//! for a host and one in total; who waits because of them waits in line, see [`ClientBuilder`]. Without a `deadline` in the
//! policy, or `connect_timeout`, no call ends before the kernel gives up.
//!
//! # Cost
//!
//! On the way that works, one system call more a request (`getsockopt(TCP_INFO)`), and one more a connection. Of a body, what
//! was taken is kept until the answer comes, up to the replay limit and without a copy. What is measured stands in the
//! repository, in `benches/README.md`.
//!
//! # Cancel safety
//!
//! Dropping the future of a call drops the attempt that is under way, as hyper-util does: the connection is closed unless
//! the response had arrived (of HTTP/2 the stream is reset, and the connection stays). Nothing of this crate is left behind, and
//! nothing is sent again. What was sent by then may be executed. A connection that was being opened for it goes on to be, for
//! whoever comes. A response's body that is dropped early is read to its end in the background, 64 KiB and half a second at
//! most, or its connection closed. After [`Client::close`] was polled once the client is closed, whether or not it is waited for.
//!
//! # Runtime
//!
//! tokio, with its time and I/O drivers on (`enable_all`, or `#[tokio::main]`), on either flavour: the feature
//! `hyper-util` waits on sockets and on the clock. Without it the crate needs a runtime for pauses and deadlines only
//! (feature `tokio`), and without that none.
//!
//! Of hyper-util's client, not of [`Client`]: on a multi-thread runtime, when a connection dies in the instant in which a request
//! is handed over to it, hyper-util's own future can stay pending for ever (seen without this crate: hyper-util 0.1.21, hyper 1.12.0, in 3 of 600 bursts of
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
//! | feature | default | what |
//! | --- | --- | --- |
//! | `client` | yes | [`Client`], on a pool of our own; brings `hyper-util` |
//! | `http2` | yes | HTTP/2 for it |
//! | `tls` | yes | TLS for it, by rustls with the provider ring, which needs a C compiler and nothing else |
//! | `reqwest` | no | [`reqwest::Client`]: reqwest's client, 0.13, with replays; brings `hyper-util` |
//! | `reqwest-middleware` | no | the same as a middleware of the crate of that name, 0.5 |
//! | `hyper-util` | yes | the taps, the adapter for hyper-util's client, and [`stack`]; brings `tokio` |
//! | `tokio` | yes | pauses and deadlines; what sets them is there with it only, as nothing else can wait |
//! | `tracing` | no | the spans and events above |
//! | `cli` | no | the command `unstale`, and `conn::Vitals` on which it rests; `docs/doctor.md` in the repository |
//! | `test-peer` | no | for tests: a scripted server that closes when it is told to, `unstale::test_peer` |
//! | `metrics` | no | counters and gauges of all that, through the facade of that name: `unstale::metrics` |

#![cfg_attr(
    not(all(
        feature = "client",
        feature = "http2",
        feature = "reqwest",
        feature = "tls"
    )),
    allow(
        rustdoc::broken_intra_doc_links,
        reason = "the crate's own page speaks of the client and of the taps, which are not there then"
    )
)]

pub mod body;
mod carrier;
#[cfg(feature = "hyper-util")]
pub mod client;
#[cfg(feature = "hyper-util")]
pub mod conn;
#[cfg(all(any(doc, doctest), feature = "tls"))]
pub mod cookbook;
mod error;
pub mod evidence;
#[cfg(feature = "hyper-util")]
mod keepalive;
#[cfg(feature = "metrics")]
pub mod metrics;
pub mod policy;
#[cfg(feature = "client")]
mod pool;
pub mod replay;
pub mod request;
#[cfg(feature = "hyper-util")]
pub mod stack;
#[cfg(feature = "test-peer")]
pub mod test_peer;
pub mod verdict;

pub use crate::body::ReplayBody;
#[cfg(feature = "client")]
pub use crate::client::pooled::{ResponseBody, ResponseBodyError};
#[cfg(feature = "hyper-util")]
pub use crate::conn::TrackLayer;
pub use crate::error::Error;
#[cfg(feature = "hyper-util")]
pub use crate::keepalive::Prevention;
pub use crate::policy::RetryPolicy;
#[cfg(feature = "client")]
pub use crate::pool::{
    Activity, Connection, Connections, Counters, DiscardReason, Observer, Protocol,
};
pub use crate::replay::{Attempts, Replay, ReplayLayer};
#[cfg(feature = "reqwest")]
pub use crate::stack::reqwest;
#[cfg(feature = "client")]
pub use crate::stack::{BuildError, Client, ClientBuilder};

/// The code in the README, compiled.
#[cfg(all(doctest, feature = "hyper-util", feature = "reqwest"))]
#[doc = include_str!("../README.md")]
struct Readme;
