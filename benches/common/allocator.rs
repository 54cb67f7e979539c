//! The system's allocator, counting.
//!
//! Apart because it is `unsafe`, and only a benchmark that counts has it. Invariant: it changes nothing of what is
//! allocated. The counts are the whole process's: a client that is measured with it has one thread.

#![expect(
    unsafe_code,
    reason = "an allocator cannot be written without; every call is passed on as it came"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

static CALLS: AtomicU64 = AtomicU64::new(0);
static ALLOCATED: AtomicU64 = AtomicU64::new(0);
static FREED: AtomicU64 = AtomicU64::new(0);

#[derive(Debug)]
pub(crate) struct Counting;

/// What had been allocated at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Count {
    /// Allocations, and reallocations, which may be one.
    pub(crate) calls: u64,
    /// Bytes asked for since the start.
    pub(crate) bytes: u64,
    /// Bytes not given back.
    pub(crate) live: u64,
}

impl Count {
    pub(crate) fn now() -> Self {
        let bytes = ALLOCATED.load(Relaxed);
        Self {
            calls: CALLS.load(Relaxed),
            bytes,
            live: bytes - FREED.load(Relaxed),
        }
    }
}

fn count(allocated: usize, freed: usize) {
    CALLS.fetch_add(u64::from(allocated > 0), Relaxed);
    ALLOCATED.fetch_add(allocated as u64, Relaxed);
    FREED.fetch_add(freed as u64, Relaxed);
}

// SAFETY: the system's allocator keeps the contract, and gets every call as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(memory, layout, size) }
    }
}
