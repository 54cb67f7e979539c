//! What is promised for a request that must be executed at most once, and how to have it stricter still.
//!
//! By default a request that is not idempotent (POST, PATCH, anything with a precondition) is sent again in three cases, in all
//! of which the server has not processed it:
//!
//! | [`Delivery`](crate::evidence::Delivery) | how it is known |
//! | --- | --- |
//! | `NotSent` | not one byte was handed to the kernel |
//! | `NotReceived` | the kernel's counters: the server's FIN came before, nothing of the request was acknowledged, and a RST answered it |
//! | `Refused` | the server says so: HTTP/2 `REFUSED_STREAM` or `GOAWAY`, 421, 425 |
//!
//! In all other cases it is an error, the request has been executed at most once, and the error carries what is known:
//!
//! ```
//! use unstale::evidence::Delivery;
//!
//! # async fn ask_the_ledger_whether_it_was_booked() -> bool { false }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use unstale::test_peer::{Peer, Script, Tls};
//! # let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
//! # let bank = format!("http://{}", peer.addr());
//! # let client = unstale::Client::builder().no_proxy().build()?;
//! let payment = http::Request::post(format!("{bank}/payments")).body("amount=5".to_owned())?;
//! if let Err(error) = client.request(payment).await {
//!     match error.evidence().map(|evidence| evidence.delivery()) {
//!         // It may have been executed: find out, do not repeat it blindly.
//!         Some(Delivery::Unknown | Delivery::Received) => {
//!             println!("booked: {}", ask_the_ledger_whether_it_was_booked().await);
//!         }
//!         // It has not been executed; the error says which limit stood in the way of a replay.
//!         _ => println!("not executed: {error}"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Stricter
//!
//! `NotReceived` rests on [one assumption](crate#the-one-assumption). A policy can do without it, or without any replay:
//!
//! ```
//! use unstale::RetryPolicy;
//! use unstale::policy::NonIdempotent;
//!
//! // Only what has not left this machine is sent again, and what the server says it has refused.
//! let strict = RetryPolicy::builder()
//!     .non_idempotent(NonIdempotent::WhenNotSent)
//!     .build()?;
//! // For one request: never.
//! let once = http::Request::post("http://example.com/pay")
//!     .extension(unstale::request::RequestOptions::new().never_replay())
//!     .body("one=1")?;
//! # let _ = (strict, once);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Fewer errors, as strict
//!
//! The error that does not come needs no replay. A request that cannot be repeated can have a connection that is unlikely to be
//! closed under it:
//!
//! ```
//! use std::time::Duration;
//! use unstale::RetryPolicy;
//! use unstale::request::{ConnectionWish, Preflight};
//!
//! let policy = RetryPolicy::builder()
//!     // Only over a connection that was in use within the last second, or a new one.
//!     .unrepeatable_connection(ConnectionWish::IdleAtMost(Duration::from_secs(1)))
//!     // Or: one that has been idle for longer is asked whether it is alive, with an empty request.
//!     .preflight(Preflight::options())
//!     .build()?;
//! # let _ = policy;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What can go wrong all the same
//!
//! - Whatever sends the request a second time *above* this crate: a redirect that repeats a POST (307, 308), a retry middleware, a
//!   job queue. This layer belongs inside of them, and sees each hop as a request of its own.
//! - What lies *behind* the next machine: a load balancer may repeat a request to its own servers. nginx does not repeat a POST
//!   unless told so (`proxy_next_upstream non_idempotent`).
//! - The caller's word: [`may_repeat()`](crate::request::RequestOptions::may_repeat), an `Idempotency-Key`, and every setting whose
//!   name begins with `danger_` allow a second execution.
//! - A crash of the client itself between sending and noting down. Against that, only a key helps that the server knows:
//!   [`idempotency_key`](super::idempotency_key).
