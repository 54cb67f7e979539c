//! How an attempt ended: the last thing that is known of it.
//!
//! Apart from the counted facts ([`Trace`](super::Trace)) because an attempt can end without any connection at all.

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum End {
    /// The request itself is not one that can be sent: no authority, an unsupported version. No connection was used.
    InvalidRequest,
    /// The client had been closed. No connection was used.
    ClientClosed,
    /// No connection could be opened.
    Connect,
    /// The HTTP library handed the request back before it had begun to write it.
    HandedBack,
    /// The connection was found unusable before one byte of the request was written, and refused the write for good.
    Gate(GateReason),
    /// The peer closed its side (FIN, or TLS `close_notify`); then the socket was looked at once more.
    Closed(SecondLook),
    /// The peer reset the connection (RST) with no FIN before it. Proves nothing: a server that reads, executes and
    /// aborts at once looks exactly like this.
    Reset,
    /// The kernel gave the connection up: no answer to retransmissions or probes.
    TimedOut,
    /// Nothing at all was heard of the peer since the request was written, not even an acknowledgement, though it was
    /// retransmitted twice; this side then aborted the connection. A firewall on the way that forgot an idle connection does
    /// so. Proves nothing: what was sent may have arrived, and only the answers got lost.
    Silent,
    /// The peer's HTTP/2 layer said that it did not process the request.
    Protocol(ProtocolRefusal),
    /// A response whose status says that the request was not processed.
    Status(StatusRefusal),
    /// The peer sent something that is no response.
    Malformed,
    /// The body that the caller supplied failed. Never a stale connection.
    CallerBody,
    /// A timeout that the caller has set in the client below had passed. Never a stale connection: the server may be at work.
    CallerTimeout,
    /// Something else, or nothing that could be told.
    Unknown,
}

/// Why a connection refused a request at the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GateReason {
    /// The peer has closed it: its FIN has arrived (`CLOSE_WAIT`).
    HalfClosed,
    /// It is gone altogether: reset, timed out or closed.
    Closed,
    /// Bytes lie unread on a connection that nothing was asked of: a 408, a TLS alert, or a confused peer.
    Unsolicited,
    /// It was marked to accept no further request.
    Condemned,
    /// It had been idle for longer than the request accepts
    /// ([`ConnectionWish`](crate::request::ConnectionWish)).
    IdleTooLong,
    /// It had been idle for nearly as long as its server keeps idle connections, or had carried as many requests as its
    /// server takes on one: what the server says of that (`Keep-Alive`), or what was learned.
    Expiring,
    /// It lay idle while the machine slept, or the process stood still, and it is not known for how long its server keeps
    /// idle connections.
    AfterSleep,
}

impl GateReason {
    /// The reason in words, for a reader who does not know sockets.
    pub fn explain(self) -> &'static str {
        match self {
            Self::HalfClosed => "the server had already closed it",
            Self::Closed => "it was already gone (reset, timed out or closed)",
            Self::Unsolicited => "the server had sent something on it that nobody asked for",
            Self::Condemned => "it was not to be used any more",
            Self::IdleTooLong => "it had been idle for longer than the request accepts",
            Self::Expiring => {
                "it had been idle for nearly as long as the server keeps connections, or had carried as many requests as the server takes"
            }
            Self::AfterSleep => {
                "it had been idle while the machine slept, and may have been given up meanwhile"
            }
        }
    }
}

/// What a second look at the socket, after the peer's end was seen, found of the request's own bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecondLook {
    /// FIN first, then a RST, and not one byte of the request was ever acknowledged: no program received it, under the
    /// one assumption that the crate documentation states.
    NeverAcknowledged,
    /// The peer's kernel took bytes of the request after it had sent its FIN: it half-closed and lingers.
    Acknowledged,
    /// Bytes of the request had been acknowledged when the FIN was seen, or neither answer came in time.
    Undecided,
    /// No look was possible: no descriptor, no believable counters, or not on Linux.
    NotPossible,
}

/// The HTTP/2 layer's own words for "not processed" (RFC 9113 sections 6.8 and 8.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProtocolRefusal {
    /// `RST_STREAM` with `REFUSED_STREAM`.
    RefusedStream,
    /// `GOAWAY` with a last stream below this one. The crate documentation names a server whose word is not to be taken.
    GoAway,
}

/// A response status that says that the request was not processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatusRefusal {
    /// 408 on a reused HTTP/1 connection, sent before a byte of the request arrived: the whole proof of
    /// [`SecondLook::NeverAcknowledged`] holds (RFC 9110 section 15.5.9).
    RequestTimeout,
    /// 421: another connection may do (RFC 9110 section 15.5.20).
    MisdirectedRequest,
    /// 425: sent as early data, refused as such (RFC 8470 section 5.2).
    TooEarly,
    /// 417 to an expectation that [`ExpectOnReuse`](crate::request::ExpectOnReuse) had added, while the body was held back:
    /// a client is to repeat the request without it (RFC 9110 section 10.1.1).
    ExpectationFailed,
}
