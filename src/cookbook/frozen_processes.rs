//! AWS Lambda, laptops, snapshots, `SIGSTOP`: the process stands still, and its connections end meanwhile.
//!
//! A function that is frozen between two calls keeps its sockets. While it does not run, its kernel may not run either: servers and
//! NAT gateways give up the connections, and nobody is there to hear the FIN. AWS says so itself: *Lambda purges idle connections
//! over time. Attempting to reuse an idle connection when invoking a function will result in a connection error.*
//! ([best practices for working with AWS Lambda functions](https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html))
//! The first request after the thaw then fails, or hangs.
//!
//! Three things go wrong in other clients:
//!
//! - The idle timeout is measured with `CLOCK_MONOTONIC` (`std::time::Instant` on Linux), which stands still while the machine sleeps: a
//!   connection of yesterday looks seconds old.
//! - The FIN or RST is in the kernel, or arrives a moment after the thaw, and the runtime has not looked yet.
//! - No FIN ever comes: the NAT has forgotten the connection ([`behind_a_load_balancer`](super::behind_a_load_balancer)).
//!
//! # What happens here
//!
//! Nothing has to be set:
//!
//! - The age of an idle connection is the larger of what `CLOCK_BOOTTIME` and the wall clock say.
//! - The kernel is asked before each request, so a FIN that has arrived is seen, whatever the runtime has done.
//! - After a sleep, or after the process stood still for more than five seconds, a connection that lay idle meanwhile is used only if
//!   its server is known to keep it for longer; see
//!   [`idle_after_sleep`](crate::Prevention::idle_after_sleep).
//! - A connection that answers nothing is found out within about a second, and what is idempotent is sent over a new one.
//!
//! ```
//! use std::sync::LazyLock;
//! use unstale::Client;
//!
//! // One client for the life of the execution environment, made outside of the handler.
//! static CLIENT: LazyLock<Client> = LazyLock::new(Client::new);
//!
//! async fn handler(shop: &str, order: String) -> Result<u16, Box<dyn std::error::Error>> {
//!     let request = http::Request::post(format!("{shop}/orders")).body(order)?;
//!     Ok(CLIENT.request(request).await?.status().as_u16())
//! }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use unstale::test_peer::{Peer, Script, Tls};
//! # let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
//! # let shop = format!("http://{}", peer.addr());
//! # assert_eq!(handler(&shop, "tea=1".to_owned()).await?, 200);
//! # Ok(())
//! # }
//! ```
//!
//! # Cheaper, or stricter
//!
//! A function that is called once an hour gains nothing by kept connections:
//!
//! ```
//! use std::time::Duration;
//! use unstale::{Client, RetryPolicy};
//! use unstale::policy::WhenSilent;
//! use unstale::request::ConnectionWish;
//!
//! let client = Client::builder()
//!     // Nothing is kept for longer than this, asleep or awake.
//!     .pool_idle_timeout(Duration::from_secs(20))
//!     .retry_policy(
//!         RetryPolicy::builder()
//!             // What cannot be repeated goes over a connection that was opened for it.
//!             .unrepeatable_connection(ConnectionWish::Fresh)
//!             // A POST into a connection that answers nothing is an error at once, not a wait until the function's own timeout.
//!             .when_silent(WhenSilent::Fail)
//!             // All attempts together: less than the function's own timeout.
//!             .deadline(Duration::from_secs(10))
//!             .build()?,
//!     )
//!     .build()?;
//! # let _ = client;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! That a stopped process goes on with a fresh connection is tested with `SIGSTOP` and `SIGCONT` against peers that closed, that reset, and
//! that went away (`tests/client/frozen.rs`); `docs/prevention.md` says what can be noticed and what cannot.
