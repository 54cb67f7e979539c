//! The memory of the process while a run goes on. The peers and their records are part of it, and they come and go; so it is
//! told, and only a steady growth is a fault.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Below so many looks nothing is said: by then everything has been as large as it becomes.
const FEWEST: usize = 9;

#[derive(Clone, Debug, Default)]
pub struct Memory {
    kib: Arc<Mutex<Vec<u64>>>,
}

impl Memory {
    pub async fn tell_every(self, pause: Duration) {
        let begun = Instant::now();
        loop {
            let kib = resident_kib();
            println!("{:4} s: {kib} KiB resident", begun.elapsed().as_secs());
            self.kib.lock().unwrap().push(kib);
            sleep(pause).await;
        }
    }

    /// The most of the last third is hardly more than that of the third before.
    pub fn must_not_grow(&self) {
        let kib = self.kib.lock().unwrap();
        if kib.len() < FEWEST {
            return;
        }
        let (before, last) = kib.split_at(kib.len() / 3 * 2);
        let middle = before[before.len() / 2..].iter().max().unwrap();
        let last = last.iter().max().unwrap();
        assert!(*last <= middle + middle / 4, "it grows, in KiB: {kib:?}");
    }
}

/// What is in use and in the machine's RAM.
fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.unwrap().trim().trim_end_matches(" kB");
    number.parse().unwrap()
}
