//! A link to somewhere far away, made on this machine: real kernels at both ends, and a way between them that is slow, loses
//! packets, or swallows them all, as a test wants it.
//!
//! ```text
//!    this side                                                              inside: a network namespace
//!  ┌───────────┐   ┌────────────┐     Way::In: delay, loss, switch     ┌────────────┐   ┌───────────┐
//!  │ the test, │──▶│ TUN device │───────────────────────────────────▶──│ TUN device │──▶│ servers,  │
//!  │ clients   │◀──│ here()     │──◀───────────────────────────────────│ address()  │◀──│ peers     │
//!  └───────────┘   └────────────┘     Way::Out: delay, loss, switch    └────────────┘   └───────────┘
//! ```
//!
//! ```text
//! let link = Link::start(Conditions::round_trip(Duration::from_millis(20)));
//! let peer = link.place(|| Peer::start_at(link.address(), Tls::Off, |_| Script::serve_forever()));
//! // … send requests to peer.addr() …
//! link.black_hole();                                   // everything is swallowed, what is on its way too
//! link.heal();
//! link.set(Way::In, Conditions::delay(FIVE).with_loss(0.01));
//! assert_eq!(link.counters(Way::Out).lost, 0);
//! ```
//!
//! It needs root, `/dev/net/tun`, and iproute2's `ip`; `netem` it does not need. Any number of links may be open at once, in one
//! process or in several: each has four addresses of its own. Invariant: nothing is left behind, however the process ends.
//! The namespace has no name, and the devices belong to descriptors; only what was *started* inside, a server, must be
//! ended by whoever started it, and holds the namespace until then.
//!
//! Times are those of the machine: on a busy one a packet may be late, never early.

mod conditions;
mod dice;
mod forwarder;
mod lane;
mod namespace;
mod packet;
mod state;
mod subnet;
mod tun;

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

pub use self::conditions::Conditions;
pub use self::lane::{Counters, Fate};
pub use self::namespace::Inside;
pub use self::packet::Packet;

use self::forwarder::Forwarder;
use self::namespace::Namespace;
use self::state::{State, lock};
use self::subnet::Subnet;
use self::tun::Tun;

/// Which packets a link loses, if nobody says otherwise.
const SEED: u64 = 1;

/// A direction, as seen from this side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// From this side to the one inside: requests.
    In,
    /// From inside to this side: responses.
    Out,
}

impl Way {
    pub const BOTH: [Self; 2] = [Self::In, Self::Out];

    /// The opposite one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::In => Self::Out,
            Self::Out => Self::In,
        }
    }
}

/// A running link. Dropped, it and its devices are gone; connections over it then hear nothing any more.
#[derive(Debug)]
pub struct Link {
    // In this order: the devices go before the namespace does.
    _forwarder: Forwarder,
    state: Arc<Mutex<State>>,
    subnet: Subnet,
    namespace: Namespace,
}

impl Link {
    /// Starts a link with the same conditions both ways.
    ///
    /// # Panics
    ///
    /// Without root, without `/dev/net/tun`, or without `ip`.
    pub fn start(conditions: Conditions) -> Self {
        Self::seeded(conditions, SEED)
    }

    /// As [`start`](Self::start), with other packets to be lost.
    ///
    /// # Panics
    ///
    /// The same.
    pub fn seeded(conditions: Conditions, seed: u64) -> Self {
        Self::open(conditions, seed).unwrap_or_else(|error| {
            panic!("no link can be made (it needs root, /dev/net/tun and iproute2): {error}")
        })
    }

    fn open(conditions: Conditions, seed: u64) -> io::Result<Self> {
        let namespace = Namespace::make()?;
        let (subnet, here) = Subnet::take()?;
        subnet.set_up(subnet.here())?;
        let inside = namespace.run(|| {
            let inside = Tun::make(&subnet.device())?;
            subnet.set_up(subnet.inside()).map(|()| inside)
        })?;
        let state = Arc::new(Mutex::new(State::new(conditions, seed)));
        Ok(Self {
            _forwarder: Forwarder::start(here, inside, &state)?,
            state,
            subnet,
            namespace,
        })
    }

    /// The address on this side.
    pub fn here(&self) -> Ipv4Addr {
        self.subnet.here()
    }

    /// The address inside: where servers listen.
    pub fn address(&self) -> Ipv4Addr {
        self.subnet.inside()
    }

    /// The name of the device, the same on both sides.
    pub fn device(&self) -> String {
        self.subnet.device()
    }

    /// The number by which the kernel knows the namespace: `net:[NUMBER]` in `/proc`.
    pub fn namespace(&self) -> u64 {
        self.namespace.number().expect("an open file has a number")
    }

    /// Acts on a thread inside, and waits for it. Sockets, threads and child processes made there belong inside.
    ///
    /// # Panics
    ///
    /// If `act` does.
    pub fn inside<T: Send>(&self, act: impl FnOnce() -> T + Send) -> T {
        self.namespace.run(act)
    }

    /// Makes something inside which is used from here, and is dropped inside too.
    ///
    /// # Panics
    ///
    /// If `make` does.
    pub fn place<T: Send>(&self, make: impl FnOnce() -> T + Send) -> Inside<T> {
        Inside::make(&self.namespace, make)
    }

    /// Sets one way's conditions, for packets from now on. Those on their way arrive as they would have, and none of the later
    /// ones overtakes them.
    pub fn set(&self, way: Way, conditions: Conditions) {
        lock(&self.state).set(way, conditions);
    }

    /// Swallows everything in silence, what is on its way too, until [`heal`](Self::heal).
    pub fn black_hole(&self) {
        for way in Way::BOTH {
            self.cut(way);
        }
    }

    /// The same for one way alone.
    pub fn cut(&self, way: Way) {
        lock(&self.state).shut(way);
    }

    /// Lets packets pass again, both ways.
    pub fn heal(&self) {
        let mut state = lock(&self.state);
        for way in Way::BOTH {
            state.open(way);
        }
    }

    /// The packets of one way so far.
    pub fn counters(&self, way: Way) -> Counters {
        lock(&self.state).counters(way)
    }

    /// Keeps what is sent from now on, and forgets what was kept before.
    pub fn record(&self) {
        lock(&self.state).record();
    }

    /// The TCP segments since [`record`](Self::record), in the order in which they were sent.
    pub fn recorded(&self) -> Vec<Packet> {
        lock(&self.state).recorded()
    }
}
