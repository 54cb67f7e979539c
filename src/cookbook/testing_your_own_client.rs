//! How your program behaves when a connection ends at the worst moment, as a test of yours.
//!
//! A server that behaves cannot be told to close between two bytes. [`test_peer::Peer`](crate::test_peer::Peer) can: it does
//! on each connection what a script says, and counts what it executed. It needs nothing of this crate's clients; whatever
//! speaks HTTP/1 to a port can be tested.
//!
//! ```toml
//! [dev-dependencies]
//! unstale = { version = "0.1", default-features = false, features = ["test-peer"] }
//! ```
//!
//! # Does my code pay twice?
//!
//! The server takes the payment, and closes before it has answered. The client cannot know, so it must not try again:
//!
//! ```
//! use unstale::test_peer::{Peer, Script, Tls};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let peer = Peer::start(Tls::Off, |n| match n {
//!     // It has served one request, so the connection is a kept-alive one; then it executes, and says nothing.
//!     0 => Script::new().serve().read_all().execute().close(),
//!     _ => Script::serve_forever(),
//! });
//! # let _ = rustls::crypto::ring::default_provider().install_default();
//! let client = reqwest::Client::builder().no_proxy().build()?; // or your own
//! let url = |path| format!("http://{}{path}", peer.addr());
//! client.get(url("/cart")).send().await?.bytes().await?;
//!
//! let paid = client.post(url("/pay")).body("tea=1").send().await;
//! assert!(paid.is_err());
//! assert_eq!(peer.executed("POST", "/pay"), 1, "once, and not twice");
//! # Ok(())
//! # }
//! ```
//!
//! # Does my caller see a stale connection?
//!
//! The server closes an idle connection, and the next request must get through all the same:
//!
#![cfg_attr(feature = "client", doc = "```")]
#![cfg_attr(not(feature = "client"), doc = "```ignore")]
//! use unstale::test_peer::{Peer, Script, Tls};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let peer = Peer::start(Tls::Off, |n| match n {
//!     0 => Script::new().serve().wait("idle for too long").fin().signal("closed").discard(),
//!     _ => Script::serve_forever(),
//! });
//! let client = unstale::Client::builder().no_proxy().build()?;
//! let url = format!("http://{}/orders", peer.addr());
//! client.get(&url).await?.into_body().bytes().await?;
//!
//! // Without this the close and the order may cross, and whether the order was taken is nobody's to know.
//! peer.go("idle for too long");
//! peer.reached("closed");
//! let order = http::Request::post(&url).body("tea=1".to_owned())?;
//! assert_eq!(client.request(order).await?.status(), 200);
//! assert_eq!(peer.executed("POST", "/orders"), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # More endings
//!
//! | the server | the script |
//! | --- | --- |
//! | closes while idle | `serve().close()` |
//! | half-closes, and goes on reading | `serve().fin().discard()` |
//! | resets | `serve().read_all().rst()` |
//! | closes at the first byte of the next request, unread | `serve().wait_first_byte().close()` |
//! | answers in part | `serve().read_all().step(Step::Send(b"HTTP/1.1 200 OK\r\n".to_vec())).close()` |
//! | says nothing any more | `serve().stall()` |
//! | is forgotten by a firewall (Linux) | `serve().forget().stall()` |
//!
//! Over TLS, with a `close_notify` or without: the [`Tls`](crate::test_peer::Tls) setting.
