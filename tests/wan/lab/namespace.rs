//! A network namespace without a name, and how to act in it.
//!
//! Nothing of it lies in the file system: it lives as long as this process has it open, or somebody is in it, and goes when
//! the process does, however that ends. A thread is moved into it, never the whole process; what the thread makes belongs to
//! the namespace: sockets, threads of its own, child processes.

use std::fs::File;
use std::io;
use std::ops::{Deref, DerefMut};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread;

use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space};

const THIS_THREAD: &str = "/proc/thread-self/ns/net";

/// A namespace; clones are the same one.
#[derive(Clone, Debug)]
pub(super) struct Namespace(Arc<File>);

impl Namespace {
    /// Makes one, with no device that is up. Needs root.
    pub(super) fn make() -> io::Result<Self> {
        let making = thread::spawn(|| {
            leave_ours()?;
            File::open(THIS_THREAD)
        });
        let made = making.join().expect("the thread panics nowhere");
        made.map(|file| Self(Arc::new(file)))
    }

    /// Acts on a thread inside, and waits for it. A panic goes on in the caller.
    pub(super) fn run<T: Send>(&self, act: impl FnOnce() -> T + Send) -> T {
        thread::scope(|threads| {
            let inside = threads.spawn(|| {
                move_into_link_name_space(self.0.as_fd(), Some(LinkNameSpaceType::Network))
                    .expect("who made the namespace may enter it");
                act()
            });
            let acted = inside.join();
            acted.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// What the kernel knows it by.
    pub(super) fn number(&self) -> io::Result<u64> {
        use std::os::unix::fs::MetadataExt;
        self.0.metadata().map(|data| data.ino())
    }
}

#[expect(
    unsafe_code,
    reason = "to leave a namespace is unsafe only where descriptors are left, too; the network is not"
)]
fn leave_ours() -> io::Result<()> {
    // SAFETY: NEWNET alone changes nothing that other threads share with this one.
    Ok(unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNET) }?)
}

/// Something that was made inside, and is dropped there.
#[derive(Debug)]
pub struct Inside<T: Send> {
    namespace: Namespace,
    value: Option<T>,
}

impl<T: Send> Inside<T> {
    pub(super) fn make(namespace: &Namespace, make: impl FnOnce() -> T + Send) -> Self {
        Self {
            namespace: namespace.clone(),
            value: Some(namespace.run(make)),
        }
    }

    /// Gives it away to what is done with it inside.
    pub fn finish<R: Send>(mut self, act: impl FnOnce(T) -> R + Send) -> R {
        let value = self.value.take().expect("it is taken once");
        self.namespace.run(|| act(value))
    }
}

impl<T: Send> Deref for Inside<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("it is there until it is taken")
    }
}

impl<T: Send> DerefMut for Inside<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("it is there until it is taken")
    }
}

impl<T: Send> Drop for Inside<T> {
    fn drop(&mut self) {
        if let Some(value) = self.value.take() {
            self.namespace.run(|| drop(value));
        }
    }
}
