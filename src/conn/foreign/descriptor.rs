//! The descriptor of a socket, found by its addresses and known again by the kernel's cookie.
//!
//! Apart because of its `unsafe`: a descriptor that somebody else owns has no owner here to borrow it from.
//!
//! Where to look: the kernel gives out the lowest number that is free. So the socket has a number near to what was the
//! lowest free one before it was opened, or to what it is now. A bound stands on how far is looked, whatever the process has
//! open; a socket that is not found is one of which nothing can be asked.

use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use rustix::net::sockopt::socket_cookie;
use socket2::SockRef;

/// How far is looked, up and down from each of the two.
const FAR: RawFd = 1024;

/// The descriptor of a socket that somebody else owns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Descriptor {
    number: RawFd,
    /// What the kernel calls the socket; never given to another.
    cookie: u64,
}

impl Descriptor {
    /// Finds the connection of these addresses near to these numbers, and duplicates its descriptor.
    ///
    /// Its owner must be kept from closing it meanwhile.
    pub(super) fn find(
        local: SocketAddr,
        remote: SocketAddr,
        near: [RawFd; 2],
    ) -> Option<(Self, OwnedFd)> {
        let around = |distance| {
            let up_and_down = move |near: RawFd| [near + distance, near - distance];
            near.into_iter().flat_map(up_and_down)
        };
        let mut numbers = (0..FAR).flat_map(around).filter(|number| *number >= 0);
        let number = numbers.find(|number| is_connection(borrow(*number), local, remote))?;
        let socket = borrow(number).try_clone_to_owned().ok()?;
        let cookie = socket_cookie(&socket).ok()?;
        is_connection(socket.as_fd(), local, remote).then_some((Self { number, cookie }, socket))
    }

    /// Duplicates it; `None` once its owner has closed it.
    ///
    /// What the number names now is asked first: to duplicate a file and close that is not without effect on it.
    pub(super) fn duplicate(&self) -> Option<OwnedFd> {
        let descriptor = borrow(self.number);
        if !self.is_of(descriptor) {
            return None;
        }
        let socket = descriptor.try_clone_to_owned().ok()?;
        self.is_of(socket.as_fd()).then_some(socket)
    }

    fn is_of(&self, descriptor: BorrowedFd<'_>) -> bool {
        socket_cookie(descriptor).is_ok_and(|cookie| cookie == self.cookie)
    }
}

/// The lowest number that is free.
pub(super) fn lowest_free(any: &OwnedFd) -> Option<RawFd> {
    Some(any.try_clone().ok()?.as_raw_fd())
}

fn is_connection(descriptor: BorrowedFd<'_>, local: SocketAddr, remote: SocketAddr) -> bool {
    let socket = SockRef::from(&descriptor);
    let peer = socket
        .peer_addr()
        .ok()
        .and_then(|address| address.as_socket());
    peer == Some(remote)
        && socket
            .local_addr()
            .ok()
            .and_then(|address| address.as_socket())
            == Some(local)
}

/// The number as a descriptor, whatever it names, if anything.
#[expect(
    unsafe_code,
    reason = "the owner of the descriptor lends it to nobody, and no crate of ours asks about a mere number"
)]
fn borrow<'a>(number: RawFd) -> BorrowedFd<'a> {
    // SAFETY: the number is not -1. It may name nothing, or by now something else: the kernel says so, and memory is safe
    // whatever it says. Nothing is done with it here but to ask what it names, and to duplicate it; the duplicate is asked again
    // before it is used.
    unsafe { BorrowedFd::borrow_raw(number) }
}
