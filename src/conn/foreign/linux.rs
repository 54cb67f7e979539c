//! The watch over sockets that somebody else owns: which of them have been ended by their peers, in one system call for all.
//!
//! An entry of epoll belongs to the open socket and not to the descriptor that it was made with: it stays when the duplicate is
//! closed, and goes when the owner closes the last descriptor. So nothing has to be held open to be told.

use std::mem::MaybeUninit;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, OwnedFd, RawFd};

use rustix::event::{Timespec, epoll};
use socket2::SockRef;

use super::Outlook;
use super::descriptor::{Descriptor, lowest_free};
use super::held::Held;
use crate::conn::probe::{Peek, SYSTEM, State};
use crate::evidence::GateReason;

/// How many are taken at a time.
const AT_A_TIME: usize = 64;

/// TLS's `close_notify`, and no more than that: an alert of TLS 1.2 under any of its ciphers, or of TLS 1.3 in the guise of data.
const LONGEST_ALERT: usize = 63;
const RECORD_HEADER: usize = 5;
const ALERT: u8 = 21;
const APPLICATION_DATA: u8 = 23;
const ALERT_IN_TLS13: [u8; 2] = [0, 19];

/// Watches sockets for the ends that their peers put to them.
#[derive(Debug)]
pub(crate) struct Ends {
    epoll: OwnedFd,
}

/// Near to which number a socket that is opened from now on will be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hint(RawFd);

/// The socket of a connection that somebody else owns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Foreign {
    descriptor: Descriptor,
}

impl Ends {
    /// `None` if the kernel gives none.
    pub(crate) fn new() -> Option<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).ok()?;
        Some(Self { epoll })
    }

    /// Where to look for a socket that is opened after this.
    pub(crate) fn hint(&self) -> Option<Hint> {
        lowest_free(&self.epoll).map(Hint)
    }

    /// Finds the socket of these addresses, and watches it under this number from now on. Only plain TCP.
    ///
    /// Its owner must be kept from closing it meanwhile.
    pub(crate) fn find(
        &self,
        local: SocketAddr,
        remote: SocketAddr,
        hint: Option<Hint>,
        number: u64,
    ) -> Option<Foreign> {
        let now = lowest_free(&self.epoll)?;
        let before = hint.map_or(now, |Hint(before)| before);
        let (descriptor, socket) = Descriptor::find(local, remote, [before, now])?;
        if !SYSTEM.is_plain_tcp(socket.as_fd()) {
            return None;
        }
        let data = epoll::EventData::new_u64(number);
        let once = epoll::EventFlags::RDHUP | epoll::EventFlags::ONESHOT;
        epoll::add(&self.epoll, &socket, data, once).ok()?;
        Some(Foreign { descriptor })
    }

    /// The numbers of those that have been ended since it was last asked. Never blocks.
    pub(crate) fn arrived(&self) -> Vec<u64> {
        let mut numbers = Vec::new();
        loop {
            let mut events = [const { MaybeUninit::uninit() }; AT_A_TIME];
            let at_once = Timespec::default();
            let Ok((arrived, _)) = epoll::wait(&self.epoll, &mut events[..], Some(&at_once)) else {
                return numbers;
            };
            numbers.extend(arrived.iter().map(|event| event.data.u64()));
            if arrived.len() < AT_A_TIME {
                return numbers;
            }
        }
    }
}

impl Foreign {
    /// Sees to it that nothing is written any more to a socket that its peer has ended.
    ///
    /// Only where nothing lies unread before the end: then whoever uses it reads that end next, and whatever he had asked is
    /// lost already; nobody loses by it. Its owner is told by the kernel as well, should he not have looked.
    pub(crate) fn close_if_ended(&self) -> Outlook {
        let Some(socket) = self.descriptor.duplicate() else {
            return Outlook::Gone;
        };
        match SYSTEM.sample(socket.as_fd()).map(|sample| sample.state) {
            None | Some(State::Established) => Outlook::Open,
            // Reset, or closed for writing by its owner.
            Some(State::Close | State::Other) => Outlook::Sealed(GateReason::Closed),
            Some(State::CloseWait) if !is_read_out(&socket) => Outlook::Open,
            Some(State::CloseWait) => match SockRef::from(&socket).shutdown(Shutdown::Write) {
                Ok(()) => Outlook::Sealed(GateReason::HalfClosed),
                Err(_) => Outlook::Open,
            },
        }
    }

    /// Holds the socket for an attempt that may use it; `None` if it is not idle, or its counters are not to be believed.
    pub(crate) fn hold(&self) -> Option<Held> {
        Held::of(self.descriptor.duplicate()?)
    }
}

/// Whether nothing lies unread but the end, and what TLS says before it.
fn is_read_out(socket: &OwnedFd) -> bool {
    match SYSTEM.peek(socket.as_fd()) {
        Peek::End => true,
        Peek::Data => is_alert(socket),
        Peek::Empty | Peek::Failed => false,
    }
}

fn is_alert(socket: &OwnedFd) -> bool {
    let mut bytes = [MaybeUninit::uninit(); LONGEST_ALERT + 1];
    let Ok(length) = SockRef::from(socket).peek(&mut bytes) else {
        return false;
    };
    let Some([kind, _, _, high, low]) = SYSTEM.peek_record(socket.as_fd()) else {
        return false;
    };
    let is_whole = usize::from(u16::from_be_bytes([high, low])) + RECORD_HEADER == length;
    let is_alert = kind == ALERT || kind == APPLICATION_DATA && [high, low] == ALERT_IN_TLS13;
    is_whole && is_alert
}
