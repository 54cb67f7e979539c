//! Which outcome the rule allows, seeing the evidence and how often the server executed the request.
//!
//! - An answer is the request's own, and a complete 2xx means that it was executed.
//! - It was executed no more often than there were sendings that may have been received; a POST once at most.
//! - Not sent, not received, refused: sent again, whatever the method, as often as the policy allows (two times; a connection
//!   from before the request that did not take it does not count).
//! - Unknown: a GET or a PUT on a reused connection is sent again, once; a POST, or any on a connection that was opened for it, is
//!   told to the caller.
//! - A response that had begun is told to the caller.
//! - Of a peer that answers whatever it has executed, and only then ends the connection, no answer is lost.
//! - A closed client says so, and only in the round in which it was closed.
//! - Nothing is sent again of which more than the limit had to be kept.

use bytes::Bytes;
use http::{Method, StatusCode};
use unstale::Error;
use unstale::evidence::{Delivery, End, Evidence, GateReason, Reuse};
use unstale::verdict::{Attempt, Grounds, Refusal, Verdict};

use crate::traffic::{Outcome, Sent};
use crate::wire::Manners;

/// What the policy keeps of a body, and how often it sends again what was lost.
const REPLAY_LIMIT: usize = 64 * 1024;
const PROVEN_REPLAYS: usize = 2;
const UNKNOWN_REPLAYS: usize = 1;

/// A request, and how often the server executed it.
pub struct Case {
    pub sent: Sent,
    pub executed: usize,
    pub manners: Manners,
    /// The client was closed under it.
    pub is_last: bool,
}

impl Case {
    /// What is wrong with it, if anything is.
    pub fn fault(&self) -> Option<String> {
        let found = match &self.sent.outcome {
            Outcome::Answered { body: None, .. } if self.is_polite() => {
                Err("half an answer".to_owned())
            }
            Outcome::Answered {
                status,
                body,
                failed,
            } => self.answered(*status, body.as_ref(), failed),
            Outcome::Failed(error) => self.failed(error),
            // Of how many attempts nothing is known.
            Outcome::Dropped => self.executed_at_most(1 + UNKNOWN_REPLAYS),
            Outcome::Hangs(connections) => Err(format!("hangs\n{connections}")),
        };
        let Sent {
            method, path, body, ..
        } = &self.sent;
        let executed = self.executed;
        found.err().map(|fault| {
            format!("{method} {path} with {body} bytes, executed {executed} times: {fault}")
        })
    }

    fn answered(
        &self,
        status: StatusCode,
        body: Option<&Bytes>,
        failed: &[Attempt],
    ) -> Result<(), String> {
        failed
            .iter()
            .try_for_each(|attempt| self.replayed(attempt))?;
        self.executed_at_most(1 + received(failed))?;
        let Some(body) = body.filter(|_| status.is_success()) else {
            return Ok(());
        };
        if self.executed == 0 {
            return Err("answered, and never executed".to_owned());
        }
        let is_its_own = **body == *self.sent.path.as_bytes()
            || body.is_empty()
            || **body == *b"ok"
            || body.iter().all(|byte| *byte == b'x');
        is_its_own
            .then_some(())
            .ok_or_else(|| format!("was given the answer of another: {body:?}"))
    }

    fn failed(&self, error: &Error) -> Result<(), String> {
        let told = |why: &str| format!("{why}: {error}\n    {error:?}");
        let Some((last, before)) = error.attempts().split_last() else {
            return Err(told("failed without an attempt"));
        };
        before
            .iter()
            .try_for_each(|attempt| self.replayed(attempt))?;
        self.executed_at_most(received(error.attempts()))?;
        let evidence = last.evidence().ok_or_else(|| told("no evidence"))?;
        if self.may_surface(last, evidence, before, error.refusal()) {
            Ok(())
        } else {
            Err(told("should have been sent again, or not have failed"))
        }
    }

    /// Whether the rule allows that this attempt was the last.
    fn may_surface(
        &self,
        last: &Attempt,
        evidence: &Evidence,
        before: &[Attempt],
        refusal: Refusal,
    ) -> bool {
        let so_far = before
            .iter()
            .filter(|one| is_counted_with(one, evidence))
            .count();
        match (evidence.delivery(), refusal) {
            (Delivery::Received, Refusal::ResponseBegan) => true,
            // The peer cut the handshake off.
            (Delivery::NotSent, Refusal::Connect) => evidence.end() == End::Connect,
            (Delivery::NotSent, Refusal::AttemptsExhausted) => {
                !is_free(last, evidence) && so_far >= PROVEN_REPLAYS
            }
            (Delivery::NotReceived | Delivery::Refused, Refusal::AttemptsExhausted) => {
                so_far >= PROVEN_REPLAYS
            }
            (Delivery::Unknown, Refusal::FreshConnection) => evidence.reuse() == Reuse::Fresh,
            (Delivery::Unknown, Refusal::MayHaveBeenProcessed) => !self.is_idempotent(),
            (Delivery::Unknown, Refusal::AttemptsExhausted) => {
                self.is_idempotent() && so_far >= UNKNOWN_REPLAYS
            }
            (Delivery::NotSent, Refusal::ClientClosed) => {
                self.is_last && evidence.end() == End::ClientClosed
            }
            (_, Refusal::BodyOverLimit) => self.sent.body > REPLAY_LIMIT,
            _ => false,
        }
    }

    /// That this attempt was one to repeat.
    fn replayed(&self, attempt: &Attempt) -> Result<(), String> {
        let delivery = attempt.evidence().map(Evidence::delivery);
        let is_sound = match (attempt.decided(), delivery) {
            (Verdict::Replay(Grounds::NotSent), Some(Delivery::NotSent))
            | (Verdict::Replay(Grounds::NotReceived), Some(Delivery::NotReceived))
            | (Verdict::Replay(Grounds::Refused), Some(Delivery::Refused)) => true,
            (Verdict::Replay(Grounds::Idempotent), Some(Delivery::Unknown)) => self.is_idempotent(),
            _ => false,
        };
        is_sound
            .then_some(())
            .ok_or_else(|| format!("was sent again after {attempt:?}"))
    }

    fn executed_at_most(&self, times: usize) -> Result<(), String> {
        let most = match self.sent.outcome {
            Outcome::Answered { .. } if self.is_polite() => 1,
            Outcome::Failed(_) if self.is_polite() => 0,
            _ if self.is_idempotent() => times,
            _ => times.min(1),
        };
        (self.executed <= most)
            .then_some(())
            .ok_or_else(|| format!("{most} times at most were right"))
    }

    fn is_polite(&self) -> bool {
        self.manners == Manners::Polite
    }

    fn is_idempotent(&self) -> bool {
        self.sent.method != Method::POST
    }
}

/// How many of these attempts may have been received.
fn received(attempts: &[Attempt]) -> usize {
    let deliveries = attempts
        .iter()
        .filter_map(Attempt::evidence)
        .map(Evidence::delivery);
    deliveries
        .filter(|delivery| matches!(delivery, Delivery::Unknown | Delivery::Received))
        .count()
}

fn is_counted_with(attempt: &Attempt, evidence: &Evidence) -> bool {
    attempt
        .evidence()
        .is_some_and(|other| other.delivery() == evidence.delivery() && !is_free(attempt, other))
}

fn is_of_the_idle_alone(end: End) -> bool {
    matches!(
        end,
        End::Gate(
            GateReason::Condemned
                | GateReason::IdleTooLong
                | GateReason::Expiring
                | GateReason::AfterSleep
        )
    )
}

/// A connection from before the request that did not take it.
fn is_free(attempt: &Attempt, evidence: &Evidence) -> bool {
    let is_older = evidence
        .trace()
        .is_some_and(|trace| trace.reuse() == Reuse::Reused && trace.age() > attempt.elapsed());
    evidence.delivery() == Delivery::NotSent && (is_older || is_of_the_idle_alone(evidence.end()))
}
