//! To keep reqwest, and lose its stale connections.
//!
//! reqwest sends by hyper-util's client, and repeats nothing but what an HTTP/2 server has refused. Three ways lead from
//! there:
//!
//! | | what changes in your code | what is repeated |
//! | --- | --- | --- |
//! | [`unstale::reqwest::Client`](crate::reqwest::Client), built by what builds your client now | the line that builds it | all that the policy allows |
//! | [`Client::around`](crate::reqwest::Client::around) a client that somebody else has built | the line that takes it over | GET, HEAD, OPTIONS, TRACE |
//! | [`unstale::Client`](crate::Client) in its place | the calls | all that the policy allows, with the strongest evidence |
//!
//! # The line that builds it
//!
//! ```
//! use std::time::Duration;
//!
//! # fn build() -> Result<unstale::reqwest::Client, reqwest::Error> {
//! // before
//! let client = reqwest::Client::builder()
//!     .user_agent("shop/1")
//!     .timeout(Duration::from_secs(30))
//!     .build()?;
//! # drop(client);
//!
//! // after
//! let client = unstale::reqwest::Client::builder(|builder| builder.user_agent("shop/1"))
//!     .timeout(Duration::from_secs(30))
//!     .build()?;
//! # Ok(client)
//! # }
//! ```
//!
//! The calls stay: `client.get(url).send().await?` gives reqwest's own response, and an [`Error`](crate::Error) that says
//! what became of the request, with reqwest's own error among its sources. The timeout moves out of reqwest's builder, since
//! reqwest's begins anew with each attempt; so do redirects, since a replay below a redirect knows of one hop, and a replay
//! above it would send the POST again whose answer was the redirect.
//!
//! # Why not a retry middleware
//!
//! `reqwest-retry` takes a request whose connection closed for one that may be repeated, whatever its method, and whether or not the
//! connection had been used before ([`compared`](super::compared)). A server that booked the payment and then crashed books
//! it twice.
//!
//! # What cannot be known through reqwest
//!
//! The sockets are reqwest's own. What is known of them, and what is guaranteed from it, row by row, stands in
//! `docs/reqwest.md` in the repository.
