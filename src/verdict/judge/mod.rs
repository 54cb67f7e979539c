//! The rule: a request is sent again if, and only if, that is safe.

use crate::evidence::{Attribution, Delivery, End, Evidence, Reuse};
use crate::request::{Permission, RequestProfile, Semantics};

use crate::verdict::{Grounds, Refusal, Verdict};

/// May the request be sent again, seeing this evidence?
///
/// ```
/// use unstale::evidence::{Attribution, End, Evidence};
/// use unstale::request::{Permission, RequestProfile, Semantics};
/// use unstale::verdict::{Grounds, Verdict, judge};
///
/// let post = RequestProfile::new(Semantics::NonIdempotent, Permission::ByMethod);
/// let unsent = Evidence::new(End::HandedBack);
/// assert_eq!(judge(&post, &unsent, Attribution::ThisSending), Verdict::Replay(Grounds::NotSent));
/// ```
pub fn judge(profile: &RequestProfile, evidence: &Evidence, attribution: Attribution) -> Verdict {
    use Verdict::{Refuse, Replay};

    // What a repetition cannot mend is the caller's to see, whatever else is known.
    match evidence.end() {
        End::InvalidRequest => return Refuse(Refusal::InvalidRequest),
        End::ClientClosed => return Refuse(Refusal::ClientClosed),
        End::CallerBody => return Refuse(Refusal::CallerBody),
        End::CallerTimeout => return Refuse(Refusal::DeadlineExceeded),
        _ => {}
    }

    match (
        attribution,
        profile.permission(),
        profile.semantics(),
        evidence.delivery(),
        evidence.reuse(),
    ) {
        // Evidence about another sending says nothing of this one: the error may be a redirect's second hop.
        (Attribution::Another, _, _, _, _) => Refuse(Refusal::NotThisSending),

        // The caller's "never" stands above every proof.
        (_, Permission::NeverReplay, _, _, _) => Refuse(Refusal::CallerForbids),

        // What a tunnel carries is not HTTP's to repeat (RFC 9110 sections 7.8 and 9.3.6).
        (_, _, Semantics::Tunnel, _, _) => Refuse(Refusal::Tunnel),

        // Never applied, and known to be: any method (RFC 9110 section 9.2.2, "detect that the original request was
        // never applied").
        (_, _, _, Delivery::NotSent, _) => Replay(Grounds::NotSent),
        (_, _, _, Delivery::NotReceived, _) => Replay(Grounds::NotReceived),

        // The server's own word: any method (RFC 9113 section 8.7, RFC 9110 section 15.5.20, RFC 8470 section 5.2).
        (_, _, _, Delivery::Refused, _) => Replay(Grounds::Refused),

        // RFC 9110 section 9.2.2 speaks of failures "before the client is able to read the server's response".
        (_, _, _, Delivery::Received, _) => Refuse(Refusal::ResponseBegan),

        // A connection that was opened for the request cannot be stale; what happened there happens again.
        (_, _, _, Delivery::Unknown, Reuse::Fresh) => Refuse(Refusal::FreshConnection),
        (_, _, _, Delivery::Unknown, Reuse::Unknown) => Refuse(Refusal::ReuseUnknown),

        // The caller knows that a repetition is harmless (RFC 9110 section 9.2.2, "some means to know").
        (_, Permission::MayRepeat, _, Delivery::Unknown, Reuse::Reused) => {
            Replay(Grounds::CallerPermits)
        }

        // Idempotent methods may be repeated after a failure of the connection (RFC 9110 section 9.2.2).
        (_, _, Semantics::Safe | Semantics::Idempotent, Delivery::Unknown, Reuse::Reused) => {
            Replay(Grounds::Idempotent)
        }
        (_, _, Semantics::Keyed, Delivery::Unknown, Reuse::Reused) => {
            Replay(Grounds::IdempotencyKey)
        }

        // If the first sending was applied, the second reads 412 for a request that succeeded.
        (_, _, Semantics::Conditional, Delivery::Unknown, Reuse::Reused) => {
            Refuse(Refusal::Conditional)
        }

        // In doubt: refuse.
        (_, _, Semantics::NonIdempotent, Delivery::Unknown, Reuse::Reused) => {
            Refuse(Refusal::MayHaveBeenProcessed)
        }
    }
}

#[cfg(test)]
mod tests;
