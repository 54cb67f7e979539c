//! Setters: what is done so that nothing need be sent again. Only with the feature `client`.
//!
//! Apart from the other setters because only [`Client`](crate::Client) knows, before a request goes over a connection,
//! for how long that was idle; what nobody does cannot be set.

use std::sync::Arc;

use crate::policy::Origins;
use crate::request::{ExpectOnReuse, Preflight};

use super::RetryPolicyBuilder;

impl RetryPolicyBuilder {
    /// Asks a connection that has been idle for long whether it is alive, before a request goes over it that could not be
    /// sent again: those of [`unrepeatable_connection`](Self::unrepeatable_connection). Default: off.
    ///
    /// What dies of the question, or says nothing in time, is closed, and the request goes over the next; after one that
    /// says nothing it goes over a new one, and those that have been idle no shorter are closed, too, as the same firewall
    /// is likely to have forgotten them. The status of the answer is of no account, but that the connection is to be
    /// closed behind it (`Connection: close`, HTTP/1.0).
    ///
    /// Of [`Client`](crate::Client) alone, and over HTTP/1: of HTTP/2 use
    /// [`http2_keep_alive_interval`](crate::ClientBuilder::http2_keep_alive_interval).
    pub fn preflight(mut self, preflight: Preflight) -> Self {
        self.settings.preflight = Some(Arc::new(preflight));
        self
    }

    /// Holds the body of a request that could not be sent again back on a connection that has been idle for long: its head
    /// goes with `Expect: 100-continue` (RFC 9110 section 10.1.1), the body when the server has said 100, or after a wait.
    /// Default: off.
    ///
    /// If the connection dies before, the body was never sent; but the head was, and a program may have acted on it (Go, Jetty
    /// and Tomcat say 100 only when a handler reads the body). So the loss is judged as ever, by what became of the head, and
    /// [`Trace::is_body_withheld`](crate::evidence::Trace::is_body_withheld) tells the caller; a ground for a replay it is under
    /// [`danger_trust_withheld_body`](Self::danger_trust_withheld_body) alone. What the server says instead of 100:
    ///
    /// - A final status is the response. The body is never sent, and the connection is closed when the response has been read.
    /// - 417 is [`Refused`](crate::evidence::Delivery::Refused): the request goes over a new connection without the expectation,
    ///   as RFC 9110 section 10.1.1 asks for. After the body was let go it is a response like any other.
    /// - Nothing: the body goes after the wait. In two pieces the request is no longer one whose loss can be proven
    ///   (`NotReceived`).
    ///
    /// A request keeps its body where the caller has set an `Expect` himself, or listens to informational responses
    /// (`hyper::ext::on_informational`, of which hyper knows one), asks for a tunnel, or is HTTP/1.0. A deadline or `narrow` that
    /// refuses the replay leaves the 417 to the caller.
    ///
    /// Of [`Client`](crate::Client) alone, and over HTTP/1: around hyper-util's client the headers are written before anybody
    /// knows the connection.
    ///
    /// ```
    /// use std::time::Duration;
    /// use unstale::RetryPolicy;
    /// use unstale::request::ExpectOnReuse;
    ///
    /// let expect = ExpectOnReuse::new().idle_longer_than(Duration::from_secs(5));
    /// let policy = RetryPolicy::builder().expect_on_reuse(expect).build()?;
    /// # Ok::<(), unstale::policy::PolicyError>(())
    /// ```
    pub fn expect_on_reuse(mut self, expect: ExpectOnReuse) -> Self {
        self.settings.expect_on_reuse = Some(expect);
        self
    }

    /// Trusts that these servers do nothing about a request whose body they have not got. Default: none.
    ///
    /// A request that was lost on a kept-alive connection while its body was held back
    /// ([`expect_on_reuse`](Self::expect_on_reuse)) is then sent again, whatever its method; charged to the budget, as often as
    /// [`unknown`](Self::unknown) says.
    ///
    /// # Danger
    ///
    /// **A server that acts on the head alone executes a POST twice**: a handler that counts, charges or writes before it reads
    /// the body, and dies. Name origins whose next hop you know.
    pub fn danger_trust_withheld_body(mut self, origins: impl Into<Origins>) -> Self {
        self.settings.danger_trust_withheld_body = origins.into();
        self
    }
}
