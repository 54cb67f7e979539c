//! What a server has seen: connections, bytes, executions.
//!
//! Apart from the scripts because the test reads it while they run. Invariant: numbers only grow, and an execution is on
//! record before a byte of its answer is written.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// `E` is what is put on record of an execution.
#[derive(Debug)]
pub struct Tally<E> {
    traffic: Mutex<Vec<Arc<Traffic>>>,
    executions: Mutex<Vec<E>>,
}

impl<E> Default for Tally<E> {
    fn default() -> Self {
        Self {
            traffic: Mutex::default(),
            executions: Mutex::default(),
        }
    }
}

impl<E: Clone> Tally<E> {
    pub fn accepted(&self) -> Arc<Traffic> {
        let traffic = Arc::new(Traffic::default());
        lock(&self.traffic).push(Arc::clone(&traffic));
        traffic
    }

    pub fn execute(&self, execution: E) {
        lock(&self.executions).push(execution);
    }

    pub fn connections(&self) -> usize {
        lock(&self.traffic).len()
    }

    pub fn executions(&self) -> Vec<E> {
        lock(&self.executions).clone()
    }

    pub fn plain(&self, n: usize) -> usize {
        lock(&self.traffic)
            .get(n)
            .map_or(0, |traffic| traffic.plain.load(Ordering::SeqCst))
    }

    pub fn raw(&self, n: usize) -> usize {
        lock(&self.traffic)
            .get(n)
            .map_or(0, |traffic| traffic.raw.load(Ordering::SeqCst))
    }
}

/// The bytes read on one connection.
#[derive(Debug, Default)]
pub struct Traffic {
    plain: AtomicUsize,
    raw: AtomicUsize,
}

impl Traffic {
    pub fn add_plain(&self, bytes: usize) {
        self.plain.fetch_add(bytes, Ordering::SeqCst);
    }

    pub fn add_raw(&self, bytes: usize) {
        self.raw.fetch_add(bytes, Ordering::SeqCst);
    }
}

/// A thread that panicked has already failed the test; the numbers stay readable.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
