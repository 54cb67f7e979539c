//! What is counted and gauged of the crate's work, through the facade of the crate `metrics`.
//!
//! Install a recorder, such as that of `metrics-exporter-prometheus`, and all of this is told to it; `examples/metrics.rs`
//! prints what comes of it. Where none is installed, an event costs a look at where it would be. The values of `grounds` and
//! `reason` are the names of the variants that the log, the errors and the evidence have, too.
//!
//! | metric | kind | labels | what |
//! | --- | --- | --- | --- |
//! | [`unstale_attempts_total`](ATTEMPTS) | counter | | requests handed to whatever carries them to the wire, replays included |
//! | [`unstale_replays_total`](REPLAYS) | counter | `grounds`: [`Grounds`](crate::verdict::Grounds) | of these, those that were sent again |
//! | [`unstale_refusals_total`](REFUSALS) | counter | `reason`: [`Refusal`](crate::verdict::Refusal) | failed attempts after which the request was not sent again: its error, or a status that declined it, went to the caller |
//! | [`unstale_gate_refusals_total`](GATE_REFUSALS) | counter | `reason`: [`GateReason`](crate::evidence::GateReason) | connections that did not take a request, before a byte of it was written |
//! | [`unstale_connections_opened_total`](CONNECTIONS_OPENED) | counter | | connections opened |
//! | [`unstale_connect_failures_total`](CONNECT_FAILURES) | counter | | connections that could not be opened |
//! | [`unstale_connections_discarded_total`](CONNECTIONS_DISCARDED) | counter | `reason`: `DiscardReason`, `Stale` without its own reason | connections given up, and why |
//! | [`unstale_connections`](CONNECTIONS) | gauge | `state`: `connecting`, `busy`, `idle`, `settling`, `closing` | connections there are: `connecting` until they are open, the others as [`Activity`](crate::Activity) has them |
//! | [`unstale_learned_idle_timeout_seconds`](LEARNED_IDLE_TIMEOUT) | gauge | `origin`, like `https://example.com` | for how long a server was seen to keep idle connections; 0 once that is forgotten |
//! | [`unstale_replay_held_bytes`](REPLAY_HELD) | gauge | | bytes of request bodies that are held for a replay |
//!
//! What connections are, all but the gate and the timeout, is told by [`Client`](crate::Client) alone: of hyper-util's pool
//! nobody sees that. All clients of a process are told of together.
//!
//! # Cardinality
//!
//! `origin` is the one label whose values are not fixed. Only an origin of which something was learned has it, and only the
//! first 256 of a process; those after them are not told of. No other label has an address in it, and none a path.
#![cfg_attr(
    not(feature = "client"),
    allow(
        rustdoc::broken_intra_doc_links,
        reason = "the table speaks of the client, which is not there then"
    )
)]

use metrics::{
    Counter, Gauge, Key, Label, Level, Metadata, Unit, describe_counter, describe_gauge,
    with_recorder,
};

/// Requests handed to whatever carries them to the wire, replays included.
pub const ATTEMPTS: &str = "unstale_attempts_total";
/// Requests that were sent again.
pub const REPLAYS: &str = "unstale_replays_total";
/// Failed attempts after which the request was not sent again.
pub const REFUSALS: &str = "unstale_refusals_total";
/// Connections that did not take a request, before a byte of it was written.
pub const GATE_REFUSALS: &str = "unstale_gate_refusals_total";
/// Connections opened.
pub const CONNECTIONS_OPENED: &str = "unstale_connections_opened_total";
/// Connections that could not be opened.
pub const CONNECT_FAILURES: &str = "unstale_connect_failures_total";
/// Connections given up.
pub const CONNECTIONS_DISCARDED: &str = "unstale_connections_discarded_total";
/// Connections there are.
pub const CONNECTIONS: &str = "unstale_connections";
/// For how long a server was seen to keep idle connections, in seconds.
pub const LEARNED_IDLE_TIMEOUT: &str = "unstale_learned_idle_timeout_seconds";
/// Bytes of request bodies that are held for a replay.
pub const REPLAY_HELD: &str = "unstale_replay_held_bytes";

/// Tells the recorder what each metric is, and its unit. Call it once, after the recorder is installed; without it there are
/// the same metrics, undescribed.
pub fn describe() {
    let counters = [
        (ATTEMPTS, "Requests sent, replays included"),
        (REPLAYS, "Requests sent again, by the grounds for it"),
        (
            REFUSALS,
            "Failed attempts after which the request was not sent again, by the reason",
        ),
        (
            GATE_REFUSALS,
            "Connections that did not take a request, before a byte of it was written",
        ),
        (CONNECTIONS_OPENED, "Connections opened"),
        (CONNECT_FAILURES, "Connections that could not be opened"),
        (CONNECTIONS_DISCARDED, "Connections given up, by the reason"),
    ];
    for (name, description) in counters {
        describe_counter!(name, Unit::Count, description);
    }
    describe_gauge!(CONNECTIONS, Unit::Count, "Connections there are, by state");
    describe_gauge!(
        LEARNED_IDLE_TIMEOUT,
        Unit::Seconds,
        "For how long a server was seen to keep idle connections; 0: not known any more"
    );
    describe_gauge!(
        REPLAY_HELD,
        Unit::Bytes,
        "Request bodies that are held for a replay"
    );
}

static METADATA: Metadata<'static> =
    Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// A metric that every request tells of: all of its name is made beforehand.
pub(crate) struct Fixed(Key);

impl Fixed {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self(Key::from_static_name(name))
    }

    #[cfg_attr(
        not(feature = "client"),
        expect(dead_code, reason = "only a pool of our own has such")
    )]
    pub(crate) const fn labelled(name: &'static str, labels: &'static [Label]) -> Self {
        Self(Key::from_static_parts(name, labels))
    }

    #[inline]
    pub(crate) fn counter(&self) -> Counter {
        with_recorder(|recorder| recorder.register_counter(&self.0, &METADATA))
    }

    #[inline]
    pub(crate) fn gauge(&self) -> Gauge {
        with_recorder(|recorder| recorder.register_gauge(&self.0, &METADATA))
    }
}
