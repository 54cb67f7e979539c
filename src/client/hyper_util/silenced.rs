//! Which of hyper-util's idle connections are not to be used any more, because one that had been idle no longer was silent.
//!
//! Apart from the ledgers because hyper-util's pool shows nobody what lies in it. So the moment is kept, per origin; a
//! connection that has been idle since before it is condemned when an attempt draws it, and the gate refuses.
//!
//! Invariant: as many origins are remembered as [`MOST`], however many fall silent; one that is forgotten costs a watch.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Uri;
use http::uri::{Authority, Scheme};
use tokio::time::Instant;

const MOST: usize = 64;

type Origin = (Option<Scheme>, Option<Authority>);

/// The origins whose connections were silent, and since when those must have been idle that are not to be used.
#[derive(Clone, Debug, Default)]
pub(super) struct Silenced(Arc<Mutex<Vec<(Origin, Instant)>>>);

/// One of the origins, or any other.
#[derive(Debug)]
pub(super) struct SilencedOrigin {
    silenced: Silenced,
    origin: Origin,
}

impl Silenced {
    pub(super) fn of(&self, uri: &Uri) -> SilencedOrigin {
        SilencedOrigin {
            silenced: self.clone(),
            origin: (uri.scheme().cloned(), uri.authority().cloned()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Origin, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SilencedOrigin {
    /// Connections that have been idle since then, or longer, are not to be used.
    pub(super) fn silent_since(&self) -> Option<Instant> {
        let all = self.silenced.lock();
        let known = all.iter().find(|(origin, _)| *origin == self.origin);
        known.map(|(_, moment)| *moment)
    }

    /// Connections that have been idle since then, or longer, are not to be used any more.
    pub(super) fn condemn(&self, since: Instant) {
        let mut all = self.silenced.lock();
        let known = all.iter_mut().find(|(origin, _)| *origin == self.origin);
        if let Some((_, moment)) = known {
            *moment = since.max(*moment);
            return;
        }
        if all.len() >= MOST {
            all.remove(0);
        }
        all.push((self.origin.clone(), since));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn uri(n: usize) -> Uri {
        format!("http://a{n}/").parse().unwrap()
    }

    #[tokio::test]
    async fn the_latest_moment_of_an_origin_is_kept_and_no_other_has_one() {
        let silenced = Silenced::default();
        let (early, late) = (Instant::now(), Instant::now() + Duration::from_secs(1));
        for moment in [late, early] {
            silenced.of(&uri(0)).condemn(moment);
        }
        assert_eq!(silenced.of(&uri(0)).silent_since(), Some(late));
        assert_eq!(silenced.of(&uri(1)).silent_since(), None);
        let secure = Uri::from_static("https://a0/");
        assert_eq!(silenced.of(&secure).silent_since(), None);
    }

    #[tokio::test]
    async fn no_more_origins_are_remembered_than_that() {
        let silenced = Silenced::default();
        let now = Instant::now();
        for n in 0..=MOST {
            silenced.of(&uri(n)).condemn(now);
        }
        assert_eq!(silenced.lock().len(), MOST);
        assert_eq!(silenced.of(&uri(0)).silent_since(), None);
        assert_eq!(silenced.of(&uri(MOST)).silent_since(), Some(now));
    }
}
