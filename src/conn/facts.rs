//! The extra that a tracked connection carries through hyper-util.
//!
//! hyper-util keeps a connection's extra in its pool and clones it at known moments: at the response head before the
//! connection is released, on an error, and, for a captured request, before the request is handed to hyper. None of
//! these lies inside a later exchange, so "bytes written at the clone" is a lower bound of where the next exchange
//! starts. This is behaviour, not contract: the tests of `client::hyper_util` hold it.
//!
//! Users clone response extensions whenever they like, so the type tells its original, which never leaves the pool, from
//! its copies: cloning a copy has no effect.

use std::sync::{Arc, Weak};

use super::ledger::Ledger;
use super::scope;

/// The extra of a tracked connection.
#[derive(Debug)]
pub(crate) enum Facts {
    /// Lives in hyper-util's pool, and nowhere else.
    Origin(Arc<Ledger>),
    /// What everybody else gets: it does not keep the ledger, nor a descriptor in it, alive.
    Copy(Weak<Ledger>),
}

impl Facts {
    /// The ledger, while the connection lives.
    pub(crate) fn ledger(&self) -> Option<Arc<Ledger>> {
        match self {
            Self::Origin(ledger) => Some(Arc::clone(ledger)),
            Self::Copy(ledger) => ledger.upgrade(),
        }
    }
}

impl Clone for Facts {
    fn clone(&self) -> Self {
        match self {
            Self::Origin(ledger) => {
                scope::current(|slot| ledger.turn(slot));
                Self::Copy(Arc::downgrade(ledger))
            }
            Self::Copy(ledger) => Self::Copy(Weak::clone(ledger)),
        }
    }
}
