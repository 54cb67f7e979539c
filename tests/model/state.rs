//! A state of the world, and what may happen in it.

use unstale::evidence::Delivery;

use super::act::Act;
use super::client::{self, Client};
use super::link::{Link, PREVIOUS};
use super::server::{self, Server};
use super::world::World;

/// A state of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub client: Client,
    pub link: Link,
    pub server: Server,
}

/// What may come next.
pub type Steps = Vec<(Act, State)>;

impl State {
    /// An exchange was answered; the last segment of what the client sent for it may still be on its way.
    pub fn first() -> Self {
        let mut link = Link::default();
        link.send(PREVIOUS);
        Self {
            client: Client::idle(),
            link,
            server: Server::default(),
        }
    }

    /// What may come next; nothing, once the client has concluded nothing that could turn out to be a lie.
    pub fn steps(&self, world: &World) -> Steps {
        let mut steps = Steps::new();
        if matches!(self.client.conclusion(), Some(Delivery::Unknown)) {
            return steps;
        }
        client::steps(self, world, &mut steps);
        server::steps(self, world, &mut steps);
        for (_, after) in &mut steps {
            after.client.forget(&mut after.link);
        }
        steps
    }

    /// The client has said that nobody received the request, and it was executed: before or after.
    pub fn is_lie(&self) -> bool {
        let said = self.client.conclusion();
        self.server.has_executed()
            && matches!(said, Some(Delivery::NotSent | Delivery::NotReceived))
    }
}
