//! The runtime of a client that is measured, and the part of its work that counts.

use std::future::Future;
use std::io;

use tokio::runtime::{Builder, Runtime};

/// One thread, so that the same requests are the same work in every run.
pub(crate) fn current_thread() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

pub(crate) fn multi_thread() -> io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build()
}

/// Runs what counts. callgrind collects inside this function and nowhere else, and finds it by its name: see `callgrind`.
#[inline(never)]
pub(crate) fn measured_section<F: Future>(runtime: &Runtime, work: F) -> F::Output {
    runtime.block_on(work)
}
