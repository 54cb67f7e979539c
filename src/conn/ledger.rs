//! What is known of one connection, shared by its taps, the pool that keeps it and the attempt that uses it.
//!
//! Apart from the taps because over TLS there are two of them on one connection. The book behind the lock is changed by
//! the connection's task (reads, writes, the gate) and by [`Ledger::turn`] at the moments hyper-util gives; it is never
//! locked across a call into the transport.
//!
//! Invariant: `mark` is never above the true start of the latest exchange. `Ledger::turn` is the only place that moves
//! it after the connection was opened, and `written` is counted after the system call, so a racing reader sees it low.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::time::Instant;

use super::book::{Book, Boundary};
use super::probe::Probe;
use super::scope::{self, Seen, Slot};
use super::second_look::Held;
use super::seldom::Hold;
use super::turn::Turn;
use super::watched::Watched;
use crate::evidence::{Reuse, Trace};

static NEXT: AtomicU64 = AtomicU64::new(1);

/// The ledger of one connection.
#[derive(Debug)]
pub(crate) struct Ledger {
    id: u64,
    pub(super) opened: Instant,
    probe: &'static dyn Probe,
    /// The socket, for whoever asks from outside of the connection's task.
    pub(super) watched: Watched,
    /// How many streams of HTTP/2 are not answered on it.
    pub(super) unanswered: AtomicU32,
    /// `Book::split`, for whoever needs no more than that. It is set once, before the connection is used.
    split: AtomicBool,
    /// How often the boundary was set by a turn: changed under the lock, and read without it by a read that has nothing
    /// else to ask.
    turns: AtomicU32,
    /// Something that was written was thrown away; see [`deaf`](super::deaf).
    deaf: AtomicBool,
    /// Who drives the connection.
    pub(super) turn: Turn,
    book: Mutex<Book>,
}

impl Ledger {
    pub(crate) fn new(probe: &'static dyn Probe) -> Arc<Self> {
        Arc::new(Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            opened: Instant::now(),
            probe,
            watched: Watched::default(),
            unanswered: AtomicU32::new(0),
            split: AtomicBool::new(false),
            turns: AtomicU32::new(0),
            deaf: AtomicBool::new(false),
            turn: Turn::default(),
            book: Mutex::new(Book::default()),
        })
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn probe(&self) -> &'static dyn Probe {
        self.probe
    }

    /// Whether a tap above TLS does what is to be done in plaintext.
    #[inline]
    pub(super) fn is_split(&self) -> bool {
        self.split.load(Ordering::Acquire)
    }

    /// Whether a stream of it is not answered: what was written of it may still be on its way.
    pub(super) fn is_awaited(&self) -> bool {
        self.unanswered.load(Ordering::Acquire) > 0
    }

    /// How often the boundary was set by a turn. It may begin anew: between two reads of the connection there are but few.
    #[inline]
    pub(super) fn turns(&self) -> u32 {
        self.turns.load(Ordering::Acquire)
    }

    /// Whether something that was written was thrown away.
    #[inline]
    pub(super) fn is_deaf(&self) -> bool {
        self.deaf.load(Ordering::Acquire)
    }

    /// Something that was written is thrown away. Returns whether it is the first.
    pub(super) fn deafen(&self) -> bool {
        !self.deaf.swap(true, Ordering::AcqRel)
    }

    #[inline]
    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        // No call that can panic is made under the lock; should one ever do so, the counts are still true.
        self.book.lock()
    }

    /// A call on the socket itself failed.
    #[cold]
    pub(super) fn fail(&self, error: &std::io::Error) {
        self.book().fail(error);
    }

    /// Everything written so far belongs to what came before the first exchange: a TLS handshake, a proxy's CONNECT.
    pub(crate) fn open(self: &Arc<Self>) {
        scope::current(|slot| {
            if let Some(slot) = slot {
                slot.opened = Some(Arc::clone(self));
            }
        });
        let mut book = self.book();
        if !book.plain_written {
            book.mark = book.written;
            book.received = 0;
            book.outstanding = false;
            book.boundary = Boundary::Certain;
        }
    }

    /// A tap above TLS takes over what is counted in plaintext. What the one on the socket has seen was the handshake.
    pub(crate) fn split(self: &Arc<Self>) {
        let mut book = self.book();
        book.split = true;
        book.multiplexed = false;
        book.plain_written = false;
        book.exchanges = 0;
        drop(book);
        self.split.store(true, Ordering::Release);
        self.open();
    }

    /// The pool's copy of the extra is being cloned: whatever comes next on this connection starts here or later.
    pub(crate) fn turn(self: &Arc<Self>, slot: Option<&mut Slot>) {
        let mut book = self.book();
        let seen = Seen {
            ledger: Arc::clone(self),
            mark: book.mark,
            received: book.received_before,
            exchanges: book.exchanges,
            in_one_piece: book.left_in_one_piece(),
        };
        // Where the next write is known to begin an exchange (`open`, or nothing was written of this one yet), it stays so.
        if !matches!(book.boundary, Boundary::Certain) {
            book.boundary = slot
                .as_deref()
                .map_or(Boundary::Unknown, |slot| slot.boundary(self));
            self.turns.fetch_add(1, Ordering::Release);
        }
        if book.plain_written && book.written > book.mark {
            book.exchanges += 1;
        }
        book.mark = book.written;
        book.received_before = book.received;
        book.writes = 0;
        match slot {
            Some(slot) => {
                if let Some(reason) = slot.unwanted(self, &book) {
                    book.condemned.get_or_insert(reason);
                }
                if book.plain_written {
                    // A tunnel that was refused is none: the next exchange has been answered on it.
                    book.tunnel = slot.tunnel;
                }
                slot.seen = Some(seen);
            }
            // Nobody will ask what a 408 means.
            None => book.thaw(),
        }
    }

    /// Wakes the attempt that waits for the descriptor. Never under the lock: what a waker does is not ours to know, and an
    /// executor may drop the attempt in it, with the connection.
    pub(crate) fn notify(&self) {
        let waiter = self.book().take_waiter();
        if let Some(waiter) = waiter {
            waiter.wake();
        }
        #[cfg(feature = "http2")]
        self.notify_gone();
    }

    /// Whether a 408 came that may have crossed the request.
    pub(crate) fn is_suspected(&self) -> bool {
        self.book().suspected
    }

    /// The descriptor for the second look, once the tap on the socket has made it; `None` if there is none to wait for,
    /// or none to be had.
    ///
    /// # Cancel safety
    ///
    /// Nothing is taken before the future is ready.
    pub(crate) async fn held(&self) -> Option<Held> {
        poll_fn(|cx| {
            let mut book = self.book();
            let is_released = book.released;
            let Some(seldom) = &mut book.seldom else {
                return Poll::Ready(None);
            };
            match &seldom.hold {
                Hold::Wanted if !is_released => {
                    seldom.waiter = Some(cx.waker().clone());
                    Poll::Pending
                }
                _ => match std::mem::take(&mut seldom.hold) {
                    Hold::Held(held) => Poll::Ready(Some(held)),
                    _ => Poll::Ready(None),
                },
            }
        })
        .await
    }

    /// Whether the connection had been open before an attempt on it that started then.
    pub(crate) fn was_open(&self, seen: &Seen, started: Instant) -> bool {
        seen.exchanges > 0 || self.opened < started
    }

    /// How long the connection has been idle that an attempt which started then is handed now; `None` if it was opened for it,
    /// or may be HTTP/2.
    pub(crate) fn idle(&self, seen: &Seen, started: Instant, now: Instant) -> Option<Duration> {
        let book = self.book();
        let since = book.active.unwrap_or(self.opened);
        (!book.multiplexed && self.was_open(seen, started))
            .then(|| now.saturating_duration_since(since))
    }

    /// The numbers of the attempt that saw the connection as `seen` when it started; `reused`: whether the connection had
    /// lain idle before.
    pub(crate) fn trace(&self, seen: &Seen, started: Instant, reused: bool) -> Trace {
        let book = self.book();
        Trace {
            connection: self.id,
            reuse: if reused { Reuse::Reused } else { Reuse::Fresh },
            exchanges: seen.exchanges,
            age: self.opened.elapsed(),
            idle: reused
                .then_some(book.idle_since)
                .flatten()
                .map(|since| started.saturating_duration_since(since)),
            sent: book.written.saturating_sub(seen.mark),
            acknowledged: book
                .acknowledged
                .map(|acknowledged| acknowledged.saturating_sub(seen.mark)),
            received: book.received.saturating_sub(seen.received),
            sealed: book.is_sealed(),
            withheld: book.is_body_withheld(),
        }
    }
}
