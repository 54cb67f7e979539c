//! What the error means, why a retry is not the answer to it, and what is.
//!
//! ```text
//! connection closed before message completed
//! connection error: Connection reset by peer (os error 104)
//! Broken pipe (os error 32)
//! ```
//!
//! These are hyper's words, and the kernel's, for one event. A client keeps a connection open for its next request; the server
//! closes it, mostly because it has been idle for as long as the server allows (nginx: 75 s, Apache httpd: 5 s, Node.js: 5 s).
//! The close travels, and meanwhile the client sends its next request into the connection:
//!
//! ```text
//! client                                     server
//!    │───────────── request ──────────────────▶│
//!    │◀──────────── response ──────────────────│
//!    │                                         │  idle, until the server's timeout
//!    │◀──────────────── FIN ────────┐          │  close()
//!    │─────────── request ──────────┼─────────▶│  nobody is there any more
//!    │◀──────────────── RST ────────┴──────────│
//! ```
//!
//! The error says nothing of the most important thing: whether the server has processed the request. It reads the same when a
//! program read the request, charged a card, and crashed before it answered. So a layer that simply tries again on this error
//! executes some POSTs twice, and one that never does so shows its caller errors that nobody had to see.
//!
//! # What to do
//!
//! Use a client that looks before it writes, and that knows afterwards what became of the request:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let shop = "https://shop.example";
//! # use unstale::test_peer::{Peer, Script, Tls};
//! # let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
//! # let shop = format!("http://{}", peer.addr());
//! let client = unstale::Client::new();
//! # let client = unstale::Client::builder().no_proxy().build()?;
//! let order = http::Request::post(format!("{shop}/orders")).body("one=1".to_owned())?;
//! match client.request(order).await {
//!     Ok(response) => println!("{}", response.status()),
//!     // What happened, why it was not repeated, and what can be done.
//!     Err(error) => println!("{error}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Most such errors are gone then, of POSTs as well: a connection whose FIN has arrived is not used, one whose timeout is near is not
//! either, and a request that crossed the FIN is proved not to have been received, and sent again. What remains is an error that
//! says [`Unknown`](crate::evidence::Delivery::Unknown): the request may have been processed, and it is you who knows whether it
//! may be repeated ([`my_post_must_not_run_twice`](super::my_post_must_not_run_twice)).
//!
//! A client of hyper-util's that there is keeps its connector and gets layers around it: [`stack::over_http`](crate::stack::over_http).
//!
//! # What else helps, and what does not
//!
//! - A server whose idle timeout is *longer* than the client's closes fewer connections under a request. Where the server is yours,
//!   set it so; the client's is [`pool_idle_timeout`](crate::ClientBuilder::pool_idle_timeout), 90 s by default.
//! - `pool_max_idle_per_host(0)`, no connection kept at all, avoids the error at the price of a connect, and over TLS of a
//!   handshake, for each request.
//! - Retrying on the text of the error, or on "is_incomplete_message", repeats what may have been executed.
//! - A connection on which the error comes at the *first* request was not stale: the server gave up that request. It is not
//!   repeated here either.
//!
//! To see when your server closes, ask it: `unstale probe https://your.server/` (feature `cli`).
