//! Where a process cannot ask about sockets that it does not own: nothing is ever found.

use std::net::SocketAddr;

use super::{Found, LastRead, Outlook};

/// Never made.
#[derive(Debug)]
pub(crate) enum Ends {}

/// Never made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Foreign {}

/// Never made.
#[derive(Debug)]
pub(crate) enum Held {}

/// Never made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hint {}

impl Ends {
    pub(crate) fn new() -> Option<Self> {
        None
    }

    pub(crate) fn hint(&self) -> Option<Hint> {
        match *self {}
    }

    pub(crate) fn find(
        &self,
        _: SocketAddr,
        _: SocketAddr,
        _: Option<Hint>,
        _: u64,
    ) -> Option<Foreign> {
        match *self {}
    }

    pub(crate) fn arrived(&self) -> Vec<u64> {
        match *self {}
    }
}

impl Foreign {
    pub(crate) fn close_if_ended(&self) -> Outlook {
        match *self {}
    }

    pub(crate) fn hold(&self) -> Option<Held> {
        match *self {}
    }
}

impl Held {
    pub(crate) async fn ask(self, _: LastRead) -> Option<Found> {
        match self {}
    }
}
