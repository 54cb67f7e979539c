//! A request that is being made.
//!
//! reqwest's own builder belongs to a client of reqwest's, and sends through that, past all replays. So this is one around
//! it, which lets everything be done with it but that.

use std::fmt::Display;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Body, Request, Response};

use super::client::Client;
use crate::error::Error;
use crate::request::RequestOptions;

/// A request that is being made; from [`Client::get`] and its siblings.
///
/// What is not offered here, [`with`](Self::with) does: JSON, forms, multipart, as far as reqwest's features are on.
///
/// ```
/// # async fn send(client: unstale::reqwest::Client) -> Result<(), unstale::Error> {
/// let response = client
///     .post("http://example.com/orders")
///     .with(|request| request.body("one=1").version(reqwest::Version::HTTP_11))
///     .send()
///     .await?;
/// # drop(response);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    client: Client,
    request: reqwest::RequestBuilder,
    options: Option<RequestOptions>,
}

impl RequestBuilder {
    pub(super) fn new(client: Client, request: reqwest::RequestBuilder) -> Self {
        Self {
            client,
            request,
            options: None,
        }
    }

    /// Whatever reqwest's own builder can do, but to send.
    pub fn with(
        mut self,
        make: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Self {
        self.request = make(self.request);
        self
    }

    /// Adds a header.
    pub fn header<K, V>(self, name: K, value: V) -> Self
    where
        HeaderName: TryFrom<K>,
        <HeaderName as TryFrom<K>>::Error: Into<http::Error>,
        HeaderValue: TryFrom<V>,
        <HeaderValue as TryFrom<V>>::Error: Into<http::Error>,
    {
        self.with(|request| request.header(name, value))
    }

    /// Sets headers, in the place of those of the same names.
    pub fn headers(self, headers: HeaderMap) -> Self {
        self.with(|request| request.headers(headers))
    }

    /// HTTP's basic authentication.
    pub fn basic_auth(self, user: impl Display, password: Option<impl Display>) -> Self {
        self.with(|request| request.basic_auth(user, password))
    }

    /// HTTP's bearer authentication.
    pub fn bearer_auth(self, token: impl Display) -> Self {
        self.with(|request| request.bearer_auth(token))
    }

    /// The body. Up to the policy's `replay_limit` (64 KiB) of it is kept for a replay, of a stream as of bytes.
    pub fn body(self, body: impl Into<Body>) -> Self {
        self.with(|request| request.body(body))
    }

    /// How long the request may take, its response's body included: all attempts and redirects together. Default: the
    /// client's.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.with(|request| request.timeout(timeout))
    }

    /// What is permitted for this one request: to repeat it, never to, which connections it accepts.
    pub fn options(mut self, options: RequestOptions) -> Self {
        self.options = Some(options);
        self
    }

    /// The request, for [`Client::execute`]. [`options`](Self::options) are lost by it.
    ///
    /// # Errors
    ///
    /// If it is none: the address, a header, a body that could not be made.
    pub fn build(self) -> reqwest::Result<Request> {
        self.request.build()
    }

    /// Sends it, and gives the response when its head is there. A status such as 404 is no error.
    ///
    /// # Errors
    ///
    /// If it is no request, or as [`Client::execute`].
    ///
    /// # Cancel safety
    ///
    /// As [`Client`].
    pub async fn send(self) -> Result<Response, Error> {
        let request = self.request.build().map_err(Error::invalid_request)?;
        self.client.send(request, self.options).await
    }
}
