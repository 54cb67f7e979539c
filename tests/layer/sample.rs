//! Evidence for the mocks.

use std::time::Duration;

use unstale::evidence::{End, Evidence, Reuse, Trace};

/// Evidence of a request that may have been processed: it left on a kept-alive connection, which was then reset.
pub fn lost() -> Evidence {
    let trace = Trace::new(7, Reuse::Reused)
        .with_exchanges(1)
        .with_age(Duration::from_secs(60))
        .with_idle(Duration::from_secs(5))
        .with_sent(100)
        .with_acknowledged(0);
    Evidence::new(End::Reset).with_trace(trace)
}
