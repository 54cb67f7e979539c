//! The acknowledgement rule over a link: ten things that a peer may do while a request is on its way, each many times.
//!
//! ```text
//!   client                                   peer
//!     │──── exchanges ──────────────────────▶│      the connection is a reused one
//!     │            ◀──────────── FIN or RST ─│      its end is on its way …
//!     │── POST ───────────▶                  │      … when the request is sent: they cross
//!     │◀─                                  ─▶│      what then? case.rs
//! ```
//!
//! Each is played at 20 and at 200 ms, in cleartext and over TLS 1.3, by hyper-util's client with the layers around it and by
//! `unstale::Client`, through nothing but the public API; the peer counts what it executes. With all 200 plays:
//!
//! ```text
//! UNSTALE_WAN_PLAYS=200 cargo test --all-features --test wan -- --ignored --nocapture ten_cases
//! ```
//!
//! What came of it stands in `docs/ten_cases.md`.
//!
//! Two of the ten break the one assumption that the proof rests on (see *Limits* in the crate's documentation). They are here to
//! show where it ends, and that a policy can do without it.

mod around_reqwest;
mod case;
mod frozen;
mod node;
mod play;
mod request;
mod run;

use self::case::Case;
use self::run::{Loss, play};

/// One test for each line.
macro_rules! cases {
    ($loss:ident; $($name:ident: $case:ident;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        #[ignore = "needs root: makes a network namespace and two TUN devices; one needs node"]
        async fn $name() {
            play(Case::$case, Loss::$loss).await;
        }
    )*};
}

mod without_loss {
    use super::{Case, Loss, play};

    cases! { None;
        who_closes_before_the_request_arrives_has_not_received_it: Closes;
        who_half_closes_and_reads_later_is_unknown: HalfClosesReadsLater;
        who_half_closes_executes_and_closes_is_unknown: HalfClosesExecutesCloses;
        who_executes_and_aborts_at_once_is_unknown: ExecutesAborts;
        who_executes_and_aborts_later_is_unknown: ExecutesAbortsLater;
        who_executes_and_closes_without_an_answer_is_unknown: ExecutesCloses;
        who_aborts_an_idle_connection_is_unknown: AbortsIdle;
        node_that_ends_an_idle_connection_is_unknown: NodeEndsIdle;
        who_half_closes_and_acts_on_a_part_breaks_the_documented_assumption_and_when_not_sent_refuses: HalfClosesActsOnPart;
        who_half_closes_executes_and_aborts_breaks_the_documented_assumption_and_when_not_sent_refuses: HalfClosesExecutesAborts;
    }
}

/// What is lost may turn a proof into `Unknown`, and never the other way round.
mod at_one_percent_loss_each_way {
    use super::{Case, Loss, play};

    cases! { OnePercent;
        who_closes_before_the_request_arrives_is_not_executed_twice: Closes;
        who_half_closes_and_reads_later_stays_unknown: HalfClosesReadsLater;
        who_half_closes_executes_and_closes_stays_unknown: HalfClosesExecutesCloses;
        who_executes_and_aborts_at_once_stays_unknown: ExecutesAborts;
        who_executes_and_aborts_later_stays_unknown: ExecutesAbortsLater;
        who_executes_and_closes_without_an_answer_stays_unknown: ExecutesCloses;
        who_aborts_an_idle_connection_stays_unknown: AbortsIdle;
        node_that_ends_an_idle_connection_stays_unknown: NodeEndsIdle;
        who_half_closes_and_acts_on_a_part_breaks_the_documented_assumption_and_when_not_sent_refuses: HalfClosesActsOnPart;
        who_half_closes_executes_and_aborts_breaks_the_documented_assumption_and_when_not_sent_refuses: HalfClosesExecutesAborts;
    }
}
