//! The clients that carry the load. Each task has one of its own.

use std::cell::Cell;
use std::future::Future;
use std::time::Duration;

use futures_util::future::join_all;
use http::Request;
use http_body_util::BodyExt;
use unstale::{Prevention, RetryPolicy};

use super::ROUND_TRIP;
use super::load::Load;
use super::wire::WithoutProof;
use crate::client::{Answer, Body, Failure, PlainClient, UnstaleClient, pooled_builder};
use crate::lab::Link;
use crate::server::{Scheme, Server};
use crate::traffic::Report;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How many connections the timeout is measured on.
const MEASURED: usize = 8;

/// A way into a server.
pub(super) struct Way<'a> {
    pub(super) link: &'a Link,
    pub(super) server: &'a Server,
    pub(super) scheme: Scheme,
    /// The shortest time after which an idle connection was seen to end. Whatever takes longer is lateness.
    pub(super) shortest: Cell<Duration>,
}

/// What became of a run.
#[derive(Debug)]
pub(super) struct Run<A, E> {
    pub(super) scheme: Scheme,
    pub(super) client: &'static str,
    pub(super) shortest: Duration,
    pub(super) longest: Duration,
    pub(super) report: Report<A, E>,
    /// On how many connections nothing can be proven of a request, by the wire.
    pub(super) without_proof: WithoutProof,
}

impl<A, E> Run<A, E> {
    /// The path in the server's log of the request with this path.
    pub(super) fn logged(&self, path: &str) -> String {
        format!("{}{path}", log_name(self.scheme, self.client))
    }
}

fn log_name(scheme: Scheme, client: &str) -> String {
    let client = client.replace([' ', ','], "");
    format!("/{scheme:?}/{client}")
}

impl Way<'_> {
    /// hyper-util's, as it is.
    pub(super) async fn hyper_util(&self) -> Run<(), BoxError> {
        let client = || {
            let client = PlainClient::trusting(self.server.certificate());
            move |request| client.clone().send(request)
        };
        self.run("hyper-util", client).await
    }

    /// reqwest, as it is.
    pub(super) async fn reqwest(&self) -> Run<(), BoxError> {
        // It wants to know of one all the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = || {
            let certificate = self.server.certificate();
            let certificate = reqwest::Certificate::from_der(&certificate).unwrap();
            // A proxy in the environment would be measured instead of the server.
            let builder = reqwest::Client::builder().no_proxy();
            let client = builder.tls_certs_only([certificate]).build().unwrap();
            move |request| ask(client.clone(), request)
        };
        self.run("reqwest", client).await
    }

    /// hyper-util's, with the layer around it.
    pub(super) async fn layered(&self) -> Run<Answer, Failure> {
        let off = Prevention::off();
        let new = || UnstaleClient::layered(self.server.certificate(), self.scheme, &off);
        self.unstale("hyper-util with the layer", new).await
    }

    /// This crate's own.
    pub(super) async fn pooled(&self) -> Run<Answer, Failure> {
        let policy = RetryPolicy::builder().no_budget().build().unwrap();
        self.unstale("Client", || self.client(&policy)).await
    }

    /// The same for a server that is known to throw away what it reads after its half-close.
    pub(super) async fn trusting(&self) -> Run<Answer, Failure> {
        let origin = self.server.url(self.scheme);
        let policy = RetryPolicy::builder().no_budget();
        let policy = policy.danger_trust_half_close([origin]).build().unwrap();
        let new = || self.client(&policy);
        self.unstale("Client, trusting half-closes", new).await
    }

    fn client(&self, policy: &RetryPolicy) -> UnstaleClient {
        let builder = pooled_builder(self.server.certificate(), self.scheme);
        let builder = builder.retry_policy(policy.clone());
        let client = builder.prevention(Prevention::off()).build();
        UnstaleClient::of(client.unwrap())
    }

    async fn unstale(
        &self,
        name: &'static str,
        new: impl Fn() -> UnstaleClient,
    ) -> Run<Answer, Failure> {
        let client = || {
            let client = new();
            move |request| client.clone().send(request)
        };
        self.run(name, client).await
    }

    /// The timeout is measured before each run: a busy server is later than its settings.
    async fn run<S, F, A, E>(&self, name: &'static str, client: impl Fn() -> S) -> Run<A, E>
    where
        S: Fn(Request<Body>) -> F + Send + 'static,
        F: Future<Output = Result<A, E>> + Send + 'static,
        A: Send + 'static,
        E: Send + 'static,
    {
        let measured = (0..MEASURED).map(|_| self.server.idle_timeout(self.scheme));
        let measured = join_all(measured).await;
        let shortest = measured
            .iter()
            .copied()
            .fold(self.shortest.get(), Duration::min);
        self.shortest.set(shortest);
        let load = Load::around(shortest..=measured.into_iter().max().unwrap(), ROUND_TRIP);
        let base = format!(
            "{}{}",
            self.server.url(self.scheme),
            log_name(self.scheme, name)
        );
        self.link.record();
        let report = load.run(&base, client).await;
        Run {
            scheme: self.scheme,
            client: name,
            shortest: load.shortest,
            longest: load.longest,
            report,
            without_proof: WithoutProof::of(&self.link.recorded()),
        }
    }
}

async fn ask(client: reqwest::Client, request: Request<Body>) -> Result<(), BoxError> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let asked = client.request(head.method, head.uri.to_string()).body(body);
    asked.send().await?.bytes().await?;
    Ok(())
}
