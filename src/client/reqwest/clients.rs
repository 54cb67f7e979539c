//! The clients of reqwest's that an attempt goes through.
//!
//! Invariant: whatever the caller has set, those that are built here follow no redirect and repeat nothing. They are two,
//! as reqwest's pool cannot be asked for a new connection: the second has none.

use std::sync::Arc;

use reqwest::{Client, ClientBuilder, redirect, retry};

use super::known::Known;
use super::notice::NoticeLayer;

/// The clients, and what is known of their connections. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    usual: Client,
    /// Opens a connection for each request. `None`: the usual one was handed in.
    fresh: Option<Client>,
    known: Arc<Known>,
}

impl Clients {
    /// Builds the clients: both builders are set up alike by the caller. `asks`: whether the kernel is asked about their
    /// connections.
    pub(crate) fn ours(
        usual: ClientBuilder,
        fresh: ClientBuilder,
        asks: bool,
    ) -> reqwest::Result<Self> {
        let known = Arc::new(Known::new(asks));
        let build = |builder: ClientBuilder| {
            builder
                .redirect(redirect::Policy::none())
                .retry(retry::never())
                // The last layer is the outermost: it sees what hyper-util gets.
                .connector_layer(NoticeLayer::new(Arc::clone(&known)))
                .build()
        };
        Ok(Self {
            usual: build(usual)?,
            fresh: Some(build(fresh.pool_max_idle_per_host(0))?),
            known,
        })
    }

    /// Takes a client as it is.
    pub(crate) fn given(client: Client) -> Self {
        Self {
            usual: client,
            fresh: None,
            known: Arc::default(),
        }
    }

    /// Whether the client was handed in.
    pub(super) fn are_given(&self) -> bool {
        self.fresh.is_none()
    }

    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    /// The client for an attempt that may want a new connection. From one that was handed in there is none to be had.
    pub(super) fn for_attempt(&self, wants_fresh: bool) -> &Client {
        match &self.fresh {
            Some(fresh) if wants_fresh => fresh,
            _ => &self.usual,
        }
    }

    /// The client that makes requests, and sends none.
    pub(crate) fn builder_of_requests(&self) -> &Client {
        &self.usual
    }
}
