//! The connections of one origin, and the requests that wait for one.

use std::sync::Arc;

use super::list::{Link, Linked, List};
use super::route::Route;
use super::sender::Protocol;
use super::slot::OfHost;
use super::state::Granted;
use super::{ConnectError, Want};

/// The waiting requests of one host, in the order in which they came.
#[derive(Debug)]
pub(super) struct InLine;

/// One origin.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) route: Arc<Route>,
    /// Connections whose sockets are open, or are being opened.
    pub(super) open: usize,
    pub(super) connecting: usize,
    /// Those of them on which nothing runs any more, and whose sockets are yet to be closed.
    pub(super) leaving: usize,
    pub(super) idle: List<OfHost>,
    /// HTTP/1 connections that hyper is not done with.
    pub(super) settling: usize,
    /// HTTP/2 connections that take streams.
    pub(super) shared: Vec<usize>,
    pub(super) line: List<InLine>,
    /// What the latest connection speaks.
    pub(super) protocol: Option<Protocol>,
    /// It stands in the queue for a place within the limit on all connections.
    pub(super) is_queued: bool,
}

impl Host {
    pub(super) fn new(route: Arc<Route>) -> Self {
        let protocol = route.protocol();
        Self {
            route,
            open: 0,
            connecting: 0,
            leaving: 0,
            idle: List::default(),
            settling: 0,
            shared: Vec::new(),
            line: List::default(),
            protocol,
            is_queued: false,
        }
    }

    /// Whether one connection is likely to serve all that wait.
    pub(super) fn may_share(&self) -> bool {
        self.protocol != Some(Protocol::Http1)
    }

    /// How many connections are to be on their way for those that wait.
    pub(super) fn wants_connecting(&self) -> usize {
        if self.may_share() {
            self.line.len().min(1)
        } else {
            self.line.len()
        }
    }

    /// Nobody would miss it.
    pub(super) fn is_forgotten(&self) -> bool {
        self.open == 0 && self.line.is_empty() && !self.is_queued
    }
}

/// A request that waits.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) host: usize,
    pub(super) want: Want,
    pub(super) waker: std::task::Waker,
    pub(super) outcome: Option<Result<Granted, ConnectError>>,
    pub(super) in_line: Link,
}

impl Linked<InLine> for Waiter {
    fn link(&mut self) -> &mut Link {
        &mut self.in_line
    }
}
