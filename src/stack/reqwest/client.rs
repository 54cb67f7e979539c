//! The client: reqwest's types outside, the replays within.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use reqwest::{IntoUrl, Method, Request, Response};
use tower_service::Service;

use super::builder::ClientBuilder;
use super::call;
use super::redirect::RedirectPolicy;
use super::request::RequestBuilder;
use crate::client::reqwest::{Attest, Clients};
use crate::error::Error;
use crate::policy::RetryPolicy;
use crate::replay::Replay;
use crate::request::RequestOptions;

/// reqwest's client, whose caller never sees a stale connection; see [the module](crate::reqwest).
///
/// Cheap to clone; all clones share the connections and the policy's budget. A tower service, always ready.
///
/// # Cancel safety
///
/// A call begins when its future is first polled. Dropping the future drops the attempt that is under way, as reqwest does,
/// and nothing is sent again.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) replay: Replay<Attest>,
    pub(super) policy: RetryPolicy,
    /// `None`: the client within does as it was told.
    pub(super) redirects: Option<RedirectPolicy>,
    pub(super) timeout: Option<Duration>,
}

/// The future of a request.
#[must_use = "a request is sent when its future is polled"]
pub struct ResponseFuture(Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>>);

impl Client {
    /// A client to be set up. `configure` is told what reqwest's own builder is to be told, and is called twice; see
    /// [the module](crate::reqwest).
    ///
    /// ```
    /// use unstale::RetryPolicy;
    /// use unstale::reqwest::Client;
    ///
    /// # fn build() -> Result<Client, reqwest::Error> {
    /// let client = Client::builder(|builder| builder.user_agent("shop/1"))
    ///     .retry_policy(RetryPolicy::safe_only())
    ///     .build()?;
    /// # Ok(client)
    /// # }
    /// ```
    pub fn builder(
        configure: impl FnMut(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> ClientBuilder {
        ClientBuilder::new(configure)
    }

    /// Takes a client as it is, with its redirects and its retries, of which nobody can say what they are: so what is not
    /// safe (GET, HEAD, OPTIONS, TRACE are) is never sent again, whatever happened to it, not even if no connection could be
    /// opened. Prefer [`builder`](Self::builder).
    pub fn around(client: reqwest::Client, policy: RetryPolicy) -> Self {
        Self::new(Clients::given(client), policy, None, None)
    }

    pub(super) fn new(
        clients: Clients,
        policy: RetryPolicy,
        redirects: Option<RedirectPolicy>,
        timeout: Option<Duration>,
    ) -> Self {
        let replay = Replay::new(Attest::new(clients), policy.clone());
        Self {
            inner: Arc::new(Inner {
                replay,
                policy,
                redirects,
                timeout,
            }),
        }
    }

    /// Begins a GET.
    pub fn get(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// Begins a POST.
    pub fn post(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// Begins a PUT.
    pub fn put(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// Begins a PATCH.
    pub fn patch(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PATCH, url)
    }

    /// Begins a DELETE.
    pub fn delete(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    /// Begins a HEAD.
    pub fn head(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::HEAD, url)
    }

    /// Begins a request of any method.
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        let clients = self.inner.replay.inner().clients();
        RequestBuilder::new(
            self.clone(),
            clients.builder_of_requests().request(method, url),
        )
    }

    /// Sends a request, and gives the response when its head is there. A status such as 404 is no error.
    ///
    /// Options for this one request ([`RequestOptions`]) may lie in the extensions of the `http::Request` that it was made of, or
    /// come by [`RequestBuilder::options`].
    ///
    /// # Errors
    ///
    /// [`Error`] says what happened to it, and why it was not sent again; reqwest's own error is among its sources.
    pub fn execute(&self, request: Request) -> ResponseFuture {
        self.send(request, None)
    }

    pub(super) fn send(&self, request: Request, options: Option<RequestOptions>) -> ResponseFuture {
        let inner = Arc::clone(&self.inner);
        ResponseFuture(Box::pin(call::run(inner, request, options)))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("policy", &self.inner.policy)
            .field("redirects", &self.inner.redirects)
            .field("timeout", &self.inner.timeout)
            .finish_non_exhaustive()
    }
}

impl Service<Request> for Client {
    type Response = Response;
    type Error = Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        self.execute(request)
    }
}

impl Service<Request> for &Client {
    type Response = Response;
    type Error = Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        self.execute(request)
    }
}

impl Future for ResponseFuture {
    type Output = Result<Response, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
