//! A thread that looks at the kernel's list of sockets all the time, while a test does something.
//!
//! The list is not read in one instant: a socket that is closed while it is read, and another that is opened, can both stand
//! in it. So a socket counts only if it stands in two readings, one after the other: then it was open at the moment between
//! the two. Invariant: what is reported was so; an instant can be missed.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::time::Instant;

use crate::kernel;

/// What was seen of the sockets to some peers.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The most that the client held at once.
    pub held: usize,
    /// The most that the peers held at once.
    pub served: usize,
    /// The most that had the peer's FIN, and were still held by the client, at once.
    pub half_closed: usize,
    /// The longest that one of them was.
    pub longest_half_closed: Duration,
}

/// Looks, until it is stopped.
pub struct Watch {
    shared: Arc<Shared>,
    thread: JoinHandle<Seen>,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    looks: AtomicUsize,
}

impl Watch {
    pub fn start(peers: Vec<SocketAddr>) -> Self {
        let shared = Arc::new(Shared::default());
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                let mut eye = Eye::default();
                while !shared.stop.load(Ordering::SeqCst) {
                    eye.look(&peers);
                    shared.looks.fetch_add(1, Ordering::SeqCst);
                }
                eye.seen
            }
        });
        Self { shared, thread }
    }

    /// Comes back when it has seen what there is now.
    pub async fn look(&self) {
        let enough = self.shared.looks.load(Ordering::SeqCst) + 3;
        let has_looked = || self.shared.looks.load(Ordering::SeqCst) >= enough;
        kernel::until("it looks", has_looked).await;
    }

    pub fn stop(self) -> Seen {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.thread.join().unwrap()
    }
}

#[derive(Default)]
struct Eye {
    seen: Seen,
    held: HashSet<u64>,
    served: HashSet<u64>,
    half_closed: HashMap<u64, Instant>,
}

impl Eye {
    fn look(&mut self, peers: &[SocketAddr]) {
        let kernel::Held {
            ours: held,
            theirs: served,
            half_closed,
        } = kernel::held_all(peers);
        let seen = &mut self.seen;
        seen.held = seen.held.max(held.intersection(&self.held).count());
        seen.served = seen.served.max(served.intersection(&self.served).count());
        (self.held, self.served) = (held, served);

        let now = Instant::now();
        self.half_closed
            .retain(|inode, _| half_closed.contains(inode));
        seen.half_closed = seen.half_closed.max(self.half_closed.len());
        for inode in half_closed {
            let since = *self.half_closed.entry(inode).or_insert(now);
            seen.longest_half_closed = seen.longest_half_closed.max(now - since);
        }
    }
}
