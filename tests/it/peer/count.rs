//! What a peer has seen: connections, bytes, executions.
//!
//! Apart from the scripts because the test reads it while they run. Invariant: numbers only grow, and an execution is on
//! record before a byte of its answer is written.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A request that the peer acted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// The connection it came by, counted from 0.
    pub connection: usize,
    pub method: String,
    /// The request target as it was sent.
    pub path: String,
    /// In order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The decoded body, as far as it had been read.
    pub body: Vec<u8>,
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    traffic: Mutex<Vec<Arc<Traffic>>>,
    executions: Mutex<Vec<Execution>>,
}

impl Tally {
    pub(super) fn accepted(&self) -> Arc<Traffic> {
        let traffic = Arc::new(Traffic::default());
        lock(&self.traffic).push(Arc::clone(&traffic));
        traffic
    }

    pub(super) fn execute(&self, execution: Execution) {
        lock(&self.executions).push(execution);
    }

    pub(super) fn connections(&self) -> usize {
        lock(&self.traffic).len()
    }

    pub(super) fn executions(&self) -> Vec<Execution> {
        lock(&self.executions).clone()
    }

    pub(super) fn plain(&self, n: usize) -> usize {
        lock(&self.traffic)
            .get(n)
            .map_or(0, |traffic| traffic.plain.load(Ordering::SeqCst))
    }

    pub(super) fn raw(&self, n: usize) -> usize {
        lock(&self.traffic)
            .get(n)
            .map_or(0, |traffic| traffic.raw.load(Ordering::SeqCst))
    }
}

/// The bytes read on one connection.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    plain: AtomicUsize,
    raw: AtomicUsize,
}

impl Traffic {
    pub(super) fn add_plain(&self, bytes: usize) {
        self.plain.fetch_add(bytes, Ordering::SeqCst);
    }

    pub(super) fn add_raw(&self, bytes: usize) {
        self.raw.fetch_add(bytes, Ordering::SeqCst);
    }
}

/// A thread that panicked has already failed the test; the numbers stay readable.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
