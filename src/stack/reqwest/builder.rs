//! What can be set of the client, beside what reqwest's own builder sets.

use std::time::Duration;

use super::client::Client;
use super::redirect::RedirectPolicy;
use crate::client::reqwest::Clients;
use crate::policy::RetryPolicy;

/// Sets up a [`Client`]; from [`Client::builder`].
#[derive(Debug)]
#[must_use = "a builder does nothing until it builds"]
pub struct ClientBuilder {
    usual: reqwest::ClientBuilder,
    fresh: reqwest::ClientBuilder,
    policy: RetryPolicy,
    redirects: RedirectPolicy,
    timeout: Option<Duration>,
    asks: bool,
}

impl ClientBuilder {
    pub(super) fn new(
        mut configure: impl FnMut(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Self {
        let mut configured = || configure(reqwest::Client::builder());
        Self {
            usual: configured(),
            fresh: configured(),
            policy: RetryPolicy::default(),
            redirects: RedirectPolicy::default(),
            timeout: None,
            asks: true,
        }
    }

    /// What is replayed, and how often. Default: [`RetryPolicy::default`]. Its deadline holds for each hop of a redirect.
    pub fn retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Which redirects are followed. Default: ten, as in reqwest. Stands above what reqwest's builder was told.
    pub fn redirect(mut self, redirects: RedirectPolicy) -> Self {
        self.redirects = redirects;
        self
    }

    /// How long a request may take, from the begin of its first attempt to the end of its response's body: all attempts and
    /// redirects together. Default: no limit. A request's own timeout stands above it.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Whether the kernel is asked about connections (Linux). Default: true.
    ///
    /// It costs one system call a request, some more for those that lie idle, a descriptor for the client, and the search
    /// for a connection's own when it is opened: 4096 looks at most, whatever the process has open. Without it less is known
    /// of a request that is lost, and so less is sent again.
    pub fn ask_kernel(mut self, asks: bool) -> Self {
        self.asks = asks;
        self
    }

    /// Builds the client. Opens no connection.
    ///
    /// # Errors
    ///
    /// As reqwest's own: if TLS, or the resolver, cannot be set up.
    pub fn build(self) -> reqwest::Result<Client> {
        let clients = Clients::ours(self.usual, self.fresh, self.asks)?;
        Ok(Client::new(
            clients,
            self.policy,
            Some(self.redirects),
            self.timeout,
        ))
    }
}
