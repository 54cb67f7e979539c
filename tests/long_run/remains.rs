//! What is left of a run, by the kernel's and the runtime's own lists: sockets, descriptors, tasks.

use std::collections::HashSet;
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

/// How long the last things may take to end.
const PATIENCE: Duration = Duration::from_secs(10);

const STEP: Duration = Duration::from_millis(5);

/// What a process has at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remains {
    sockets: usize,
    descriptors: usize,
    tasks: usize,
}

impl Remains {
    /// Within a runtime.
    pub fn now() -> Self {
        let inodes = own_sockets();
        Self {
            sockets: tcp_lines()
                .filter(|line| inodes.contains(inode(line)))
                .count(),
            descriptors: fs::read_dir("/proc/self/fd").unwrap().count(),
            tasks: Handle::current().metrics().num_alive_tasks(),
        }
    }

    /// Waits until there is no more than this.
    pub async fn must_be_left_again(self) {
        let begun = Instant::now();
        loop {
            let now = Self::now();
            if now.is_within(self) {
                return println!("before: {self:?}; after: {now:?}");
            }
            assert!(begun.elapsed() < PATIENCE, "of {self:?} it came to {now:?}");
            sleep(STEP).await;
        }
    }

    fn is_within(self, other: Self) -> bool {
        self.sockets <= other.sockets
            && self.descriptors <= other.descriptors
            && self.tasks <= other.tasks
    }
}

/// How many sockets of this process are connected to this address, in whatever state.
pub fn sockets_to(addr: SocketAddr) -> usize {
    let inodes = own_sockets();
    let remote = format!(":{:04X}", addr.port());
    tcp_lines()
        .filter(|line| {
            let is_there = line
                .split_whitespace()
                .nth(2)
                .is_some_and(|at| at.ends_with(&remote));
            is_there && inodes.contains(inode(line))
        })
        .count()
}

/// The inodes of the sockets that this process has descriptors of.
fn own_sockets() -> HashSet<String> {
    let all = fs::read_dir("/proc/self/fd").unwrap().flatten();
    all.filter_map(|entry| {
        // One that is closed at this moment leads nowhere.
        let target = fs::read_link(entry.path()).ok()?;
        let inode = target
            .to_str()?
            .strip_prefix("socket:[")?
            .strip_suffix(']')?;
        Some(inode.to_owned())
    })
    .collect()
}

fn tcp_lines() -> impl Iterator<Item = String> {
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .into_iter()
        .filter_map(|list| fs::read_to_string(list).ok())
        .flat_map(|list| list.lines().skip(1).map(str::to_owned).collect::<Vec<_>>())
}

fn inode(line: &str) -> &str {
    line.split_whitespace().nth(9).unwrap_or_default()
}
