//! The replay budget: a token bucket that keeps replays a small share of the requests.
//!
//! When every connection to a server dies at once, each client on its own is right to repeat, and together they are a
//! flood. So each request deposits a part of a token, each charged replay costs one, and a reserve that refills with
//! time serves the client that sends little.
//!
//! Invariant: over any time, no more is granted than was deposited, plus the reserve, plus what refilled of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{Now, PolicyError};

/// The unit of deposits: a token is a million.
const TOKEN: u64 = 1_000_000;
/// In this time the whole reserve refills.
const REFILL: Duration = Duration::from_secs(10);
/// Deposits are kept up to this many times the reserve.
const CAP: u64 = 10;

/// A token bucket that limits charged replays to a share of the requests. Clones share it.
///
/// Default: 20 %, with a reserve of 100. Give the same budget to several policies to let them share one.
///
/// Deposits are kept up to ten times the reserve (at least ten tokens), so that a quiet hour does not save up for a
/// flood. The reserve refills evenly, the whole of it in 10 seconds.
///
/// ```
/// use unstale::policy::{Budget, RetryPolicy};
///
/// let budget = Budget::new(0.1, 20)?; // one replay for ten requests, and two a second besides
/// let policy = RetryPolicy::builder().budget(budget.clone()).build()?;
/// # Ok::<(), unstale::policy::PolicyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Budget {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    deposit: u64,
    cap: u64,
    deposits: AtomicU64,
    reserve: Reserve,
}

impl Budget {
    /// A budget of `ratio` tokens for each request and a `reserve` of whole tokens.
    ///
    /// # Errors
    ///
    /// If `ratio` is not within 0 and 10.
    pub fn new(ratio: f64, reserve: u32) -> Result<Self, PolicyError> {
        if !(0.0..=10.0).contains(&ratio) {
            let allowed = format!("the ratio must be within 0 and 10 (0.2 is 20 %), not {ratio}");
            return Err(PolicyError::new("budget", allowed));
        }
        Ok(Self::within(ratio, reserve))
    }

    fn within(ratio: f64, reserve: u32) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "the ratio is within 0 and 10"
        )]
        let deposit = (ratio * TOKEN as f64).round() as u64;
        Self {
            shared: Arc::new(Shared {
                deposit,
                cap: u64::from(reserve).max(1) * CAP * TOKEN,
                deposits: AtomicU64::new(0),
                reserve: Reserve::new(reserve),
            }),
        }
    }

    /// Deposits for one request.
    ///
    /// One relaxed load when the budget is full, which is the usual case, and one addition otherwise; no clock.
    #[inline]
    pub fn deposit(&self) {
        let shared = &*self.shared;
        // Racing deposits may overshoot the cap by one each: looking first is what keeps the sum from overflowing.
        if shared.deposits.load(Ordering::Relaxed) < shared.cap {
            shared.deposits.fetch_add(shared.deposit, Ordering::Relaxed);
        }
    }

    /// Takes one token for a replay; `false` if there is none.
    ///
    /// Deposits go first, then the reserve. A `now` before one at which the reserve was asked counts as that one: time that
    /// goes backwards refills nothing and takes nothing.
    #[must_use]
    pub fn withdraw(&self, now: Now) -> bool {
        let paid =
            self.shared
                .deposits
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |deposits| {
                    deposits.checked_sub(TOKEN)
                });
        paid.is_ok() || self.shared.reserve.withdraw(now)
    }

    /// Whether it can never grant a token.
    pub(super) fn is_void(&self) -> bool {
        self.shared.deposit == 0 && self.shared.reserve.size == 0
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::within(0.2, 100)
    }
}

/// The reserve, kept as the moment at which it will be full again: each token taken moves that moment on by the time in
/// which one token refills, and it never lies further off than the whole reserve takes. (No rounding adds up this way.)
#[derive(Debug)]
struct Reserve {
    size: u32,
    one: Duration,
    clock: Mutex<Option<Clock>>,
}

#[derive(Clone, Copy, Debug)]
struct Clock {
    seen: Now,
    full_at: Now,
}

impl Reserve {
    fn new(size: u32) -> Self {
        Self {
            size,
            one: REFILL.checked_div(size).unwrap_or(REFILL),
            clock: Mutex::new(None),
        }
    }

    fn withdraw(&self, now: Now) -> bool {
        let mut clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = clock.map_or(now, |clock| clock.seen.max(now));
        let full_at = clock.map_or(seen, |clock| clock.full_at.max(seen));
        let granted = full_at
            .checked_add(self.one)
            .filter(|later| later.duration_since(seen) <= self.one * self.size);
        *clock = Some(Clock {
            seen,
            full_at: granted.unwrap_or(full_at),
        });
        granted.is_some()
    }
}

#[cfg(test)]
mod tests;
