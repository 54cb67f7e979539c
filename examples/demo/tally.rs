//! What became of the requests: the numbers of one line of the table, and the rule that they are held against.

use std::collections::BTreeMap;

use http::{Method, Response};
use unstale::evidence::{Delivery, Evidence};
use unstale::verdict::{Attempt, Refusal, Verdict};
use unstale::{Attempts, Error};

use crate::clients::BoxError;
use crate::server::Server;

/// The numbers of one client in one scenario.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) requests: usize,
    /// Errors that the caller saw, by method.
    pub(crate) errors: BTreeMap<String, usize>,
    /// Replays, by their grounds.
    pub(crate) replays: BTreeMap<String, usize>,
    /// Requests that the server executed twice, by method; `None` if only the server knows.
    pub(crate) twice: Option<[usize; 2]>,
    /// Errors that no caller may see.
    forbidden: Vec<String>,
    /// The first error, as the caller reads it.
    pub(crate) example: Option<String>,
}

impl Tally {
    pub(crate) fn add<B>(&mut self, method: &Method, result: &Result<Response<B>, BoxError>) {
        self.requests += 1;
        match result {
            Ok(response) => self.add_replays(Attempts::of(response)),
            Err(error) => {
                *self.errors.entry(method.to_string()).or_default() += 1;
                self.example.get_or_insert_with(|| in_full(&**error));
                if let Some(error) = error.downcast_ref::<Error>() {
                    self.add_replays(error.attempts());
                    self.hold_against_the_rule(method, error);
                }
            }
        }
    }

    /// Adds what the server counted.
    pub(crate) fn add_executions(&mut self, server: &Server) {
        let twice = self.twice.get_or_insert([0, 0]);
        let [get, post] = ["GET", "POST"].map(|method| server.executed_twice(method));
        *twice = [twice[0] + get, twice[1] + post];
    }

    /// What the rule forbids, and happened all the same.
    pub(crate) fn violations(&self) -> Vec<String> {
        let twice = self.twice.map_or(0, |[_, post]| post);
        let executed = (twice > 0).then(|| format!("{twice} POST were executed twice"));
        self.forbidden.iter().cloned().chain(executed).collect()
    }

    fn add_replays(&mut self, attempts: &[Attempt]) {
        for attempt in attempts {
            if let Verdict::Replay(grounds) = attempt.decided() {
                *self.replays.entry(format!("{grounds:?}")).or_default() += 1;
            }
        }
    }

    /// A caller may see the error of a POST that may have been processed. A server that does not answer on a connection
    /// opened for the request, or takes no connection at all, is not stale: that error is the caller's too.
    fn hold_against_the_rule(&mut self, method: &Method, error: &Error) {
        let delivery = error.evidence().map(Evidence::delivery);
        let lost = *method == Method::POST && delivery == Some(Delivery::Unknown);
        if !lost && !error.is_connect() && error.refusal() != Refusal::FreshConnection {
            self.forbidden.push(format!("{method} failed: {error}"));
        }
    }
}

/// hyper-util's errors say what happened in their sources only.
fn in_full(error: &(dyn std::error::Error + 'static)) -> String {
    if error.is::<Error>() {
        return error.to_string();
    }
    let chain = std::iter::successors(Some(error), |error| error.source());
    let chain: Vec<_> = chain.map(ToString::to_string).collect();
    chain.join(": ")
}
