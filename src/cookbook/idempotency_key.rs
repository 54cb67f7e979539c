//! With a server that remembers keys a POST may be sent again, whatever became of it.
//!
//! The server keeps the answer to each key for a while, and gives the same answer to a second request with the same key, instead of
//! executing it again. Payment services do; the header is described in the IETF draft *The Idempotency-Key HTTP Header Field*
//! (draft-ietf-httpapi-idempotency-key-header).
//!
//! A request that carries the header counts as idempotent here, as it does in Go's `net/http`: its caller has said that it may be
//! repeated.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use unstale::test_peer::{Peer, Script, Tls};
//! # let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
//! # let bank = format!("http://{}", peer.addr());
//! # let client = unstale::Client::builder().no_proxy().build()?;
//! let payment = http::Request::post(format!("{bank}/v1/charges"))
//!     .header("idempotency-key", "8e03978e-40d5-43e8-bc93-6894a57f9324")
//!     .body("amount=5".to_owned())?;
//! client.request(payment).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Make the key where the intention is made (the order, the click), and store it with it: a key that is made anew for each try
//! protects nothing.
//!
//! # When the server does not know the header
//!
//! It ignores it, and executes both. Where requests go to servers of which only some keep keys, say which do:
//!
//! ```
//! use unstale::RetryPolicy;
//! use unstale::policy::Origins;
//!
//! // The header by itself allows nothing any more ...
//! let policy = RetryPolicy::builder()
//!     .idempotency_key(false)
//!     .build()?;
//! // ... and these origins are known to honour one, so each POST to them gets a key if it has none, and may be repeated.
//! let generating = RetryPolicy::builder()
//!     .origins_honouring_keys(Origins::listed(["https://pay.example"]))
//!     .generate_idempotency_key(|| "a new random key".to_owned())
//!     .build()?;
//! # let _ = (policy, generating);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A key that this crate has made lives as long as the call: it covers the replays of one request, not a restart of your program.
//!
//! # 409 after a replay
//!
//! A replay may overtake the original, which a server then answers with 409 (*a request with this key is running*). It comes to you
//! as the answer it is; [`Attempts::of`](crate::Attempts::of) tells that there was an attempt before.
