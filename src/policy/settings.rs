//! The fields of a policy, and their defaults.
//!
//! Apart from the builder because three parts read them: the builder fills them in, its check judges them as a whole,
//! and [`decide`](super::decide) acts on them.

use std::sync::Arc;
use std::time::Duration;

use crate::evidence::StatusRefusal;
use crate::request::{ConnectionWish, ConvertToGet, ExpectOnReuse, FormToGet, Preflight};

use super::given::Given;
use super::{
    Budget, Choice, FreshConnection, Narrow, NonIdempotent, Origins, Pause, Scope, WhenSilent,
};

/// What makes idempotency keys.
pub(super) type KeySource = Given<dyn Fn() -> String + Send + Sync>;

/// Every field is documented at its setter.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) times: Times,
    pub(super) statuses: Statuses,
    pub(super) methods: Scope,
    pub(super) non_idempotent: NonIdempotent,
    pub(super) convert_with: Given<dyn ConvertToGet>,
    pub(super) danger_always: bool,
    pub(super) danger_trust_half_close: Origins,
    pub(super) danger_trust_withheld_body: Origins,
    pub(super) idempotency_key: bool,
    pub(super) generate_idempotency_key: Option<KeySource>,
    pub(super) origins_honouring_keys: Origins,
    pub(super) fresh_connection: FreshConnection,
    pub(super) unrepeatable_connection: ConnectionWish,
    pub(super) preflight: Option<Arc<Preflight>>,
    pub(super) expect_on_reuse: Option<ExpectOnReuse>,
    pub(super) deadline: Option<Duration>,
    pub(super) watch_after_idle: Option<Duration>,
    pub(super) when_silent: WhenSilent,
    pub(super) budget: Option<Budget>,
    pub(super) pause: Pause,
    pub(super) replay_limit: usize,
    pub(super) narrow: Given<dyn Narrow>,
}

/// How many replays of one request for each way in which an attempt can fail.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) connect: u32,
    pub(super) not_sent: u32,
    pub(super) not_received: u32,
    pub(super) refused: u32,
    pub(super) unknown: u32,
}

/// Which statuses are taken for "not processed".
#[derive(Clone, Copy, Debug)]
pub(super) struct Statuses {
    pub(super) request_timeout: bool,
    pub(super) misdirected: bool,
    pub(super) too_early: bool,
}

impl Settings {
    /// Whether a request is sent again that was declined by this status.
    pub(super) fn allow_status(&self, status: StatusRefusal) -> bool {
        match status {
            StatusRefusal::RequestTimeout => self.statuses.request_timeout,
            StatusRefusal::MisdirectedRequest => self.statuses.misdirected,
            StatusRefusal::TooEarly => self.statuses.too_early,
            // The caller has asked for no expectation; the policy has.
            StatusRefusal::ExpectationFailed => self.expect_on_reuse.is_some(),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            times: Times {
                connect: 0,
                not_sent: 2,
                not_received: 2,
                refused: 2,
                unknown: 1,
            },
            statuses: Statuses {
                request_timeout: true,
                misdirected: true,
                too_early: true,
            },
            methods: Scope::default(),
            non_idempotent: NonIdempotent::default(),
            convert_with: Given(Arc::new(FormToGet)),
            danger_always: false,
            danger_trust_half_close: Origins::none(),
            danger_trust_withheld_body: Origins::none(),
            idempotency_key: true,
            generate_idempotency_key: None,
            origins_honouring_keys: Origins::none(),
            fresh_connection: FreshConnection::default(),
            unrepeatable_connection: ConnectionWish::default(),
            preflight: None,
            expect_on_reuse: None,
            deadline: None,
            watch_after_idle: Some(Duration::from_secs(1)),
            when_silent: WhenSilent::default(),
            budget: Some(Budget::default()),
            pause: Pause::default(),
            replay_limit: 64 * 1024,
            narrow: Given(Arc::new(Choice::Allow)),
        }
    }
}
