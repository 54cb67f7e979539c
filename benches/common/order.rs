//! What a client's process is told to do: who, against which server, how often, and in which case.
//!
//! Apart so that both ends of the command line are written in one place.

use std::net::SocketAddr;

use super::{Kind, Outcome};

#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) kind: Kind,
    pub(crate) server: SocketAddr,
    pub(crate) requests: u32,
    /// Means something to the one benchmark that gives it.
    pub(crate) case: String,
}

impl Order {
    pub(crate) fn arguments(&self) -> [String; 4] {
        [
            self.kind.name().to_owned(),
            self.server.to_string(),
            self.requests.to_string(),
            self.case.clone(),
        ]
    }

    pub(crate) fn parse(arguments: &[String]) -> Outcome<Self> {
        let [kind, server, requests, case] = arguments else {
            return Err("a client's order has four parts".into());
        };
        Ok(Self {
            kind: Kind::named(kind)?,
            server: server.parse()?,
            requests: requests.parse()?,
            case: case.clone(),
        })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server)
    }
}
