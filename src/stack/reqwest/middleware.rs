//! The client as a middleware of reqwest-middleware: the safe counterpart of a middleware that retries.
//!
//! Apart because nobody else needs that crate. Invariant: nothing runs behind it. It sends by itself, so that what is known
//! of a lost request is known of the very client that sent it.

use std::pin::Pin;

use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};

use super::client::Client;
use crate::request::RequestOptions;

/// Put it in last, in the place of what retries: it sends the requests by itself, and neither what comes behind it nor the client
/// that the chain was made with sees any. What comes before it sees each request once, however often it is sent.
///
/// Options for one request ([`RequestOptions`]) go into the request's extensions (`with_extension`). An error is the chain's own;
/// within it, `downcast_ref` finds an [`unstale::Error`](crate::Error).
///
/// ```
/// use reqwest_middleware::ClientBuilder;
/// use unstale::reqwest::Client;
///
/// # fn build() -> Result<(), reqwest::Error> {
/// // before: .with(RetryTransientMiddleware::new_with_policy(…))
/// let client = ClientBuilder::new(reqwest::Client::new())
///     .with(Client::builder(|builder| builder.user_agent("shop/1")).build()?)
///     .build();
/// # drop(client);
/// # Ok(())
/// # }
/// ```
impl Middleware for Client {
    fn handle<'client, 'extensions, 'next, 'handled>(
        &'client self,
        request: Request,
        extensions: &'extensions mut Extensions,
        _: Next<'next>,
    ) -> Pin<Box<dyn Future<Output = Result<Response>> + Send + 'handled>>
    where
        Self: 'handled,
        'client: 'handled,
        'extensions: 'handled,
        'next: 'handled,
    {
        let options: Option<RequestOptions> = extensions.get().copied();
        let response = self.send(request, options);
        Box::pin(async { response.await.map_err(Error::middleware) })
    }
}
