//! Setters: which requests may be sent again, and on whose word.

use std::sync::Arc;

use crate::policy::given::Given;
use crate::policy::{NonIdempotent, Origins, Scope};
use crate::request::ConvertToGet;

use super::RetryPolicyBuilder;

impl RetryPolicyBuilder {
    /// Which methods may be sent again after they have left. Default: all, as far as it is safe.
    pub fn methods(mut self, scope: Scope) -> Self {
        self.settings.methods = scope;
        self
    }

    /// What is done with requests that must not be executed twice, once they have left. Default: sent again on proof.
    pub fn non_idempotent(mut self, choice: NonIdempotent) -> Self {
        self.settings.non_idempotent = choice;
        self
    }

    /// How a request is turned into a GET, where that is asked for: by [`NonIdempotent::AsGet`], or by the request's
    /// own options. Default: [`FormToGet`](crate::request::FormToGet).
    pub fn convert_with(mut self, converter: impl ConvertToGet + 'static) -> Self {
        self.settings.convert_with = Given(Arc::new(converter));
        self
    }

    /// Repeats what may have been processed whatever its method, when the connection was a kept-alive one. Default:
    /// off.
    ///
    /// # Danger
    ///
    /// **A server may execute a POST twice.** Right only where every request of this client may be. What stays refused:
    /// after a response began, on a connection that was opened for the request, a tunnel, a request that carries
    /// `never_replay`, and evidence that may be about another request.
    pub fn danger_always(mut self) -> Self {
        self.settings.danger_always = true;
        self
    }

    /// Trusts that these servers discard what arrives after they have half-closed. Default: none.
    ///
    /// Apache httpd and lighttpd close their side at the keep-alive timeout, read on for a while, and throw away what
    /// comes: a request that their kernel acknowledged after the FIN was not executed. Only where a FIN was seen, the
    /// connection was a kept-alive one, and nothing was received.
    ///
    /// # Danger
    ///
    /// **A server that does execute such requests executes a POST twice**: Node's `socket.end()` does. Name origins
    /// whose next hop you know; a load balancer in front of them is the server here.
    pub fn danger_trust_half_close(mut self, origins: impl Into<Origins>) -> Self {
        self.settings.danger_trust_half_close = origins.into();
        self
    }

    /// Whether a caller's `Idempotency-Key` makes a request one that may be repeated. Default: `true`.
    ///
    /// When off, it does so only at [`origins_honouring_keys`](Self::origins_honouring_keys).
    pub fn idempotency_key(mut self, is_honoured: bool) -> Self {
        self.settings.idempotency_key = is_honoured;
        self
    }

    /// Gives requests that must not be executed twice an `Idempotency-Key` if they have none. Default: off.
    ///
    /// The closure makes the whole header value, unique for each call, such as a UUID. All attempts carry the same. It
    /// permits a replay only at [`origins_honouring_keys`](Self::origins_honouring_keys).
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use unstale::policy::RetryPolicy;
    ///
    /// let orders = AtomicU64::new(0);
    /// let policy = RetryPolicy::builder()
    ///     .generate_idempotency_key(move || {
    ///         format!("till-7-order-{}", orders.fetch_add(1, Ordering::Relaxed))
    ///     })
    ///     .origins_honouring_keys("https://api.example.com")
    ///     .build()?;
    /// # Ok::<(), unstale::policy::PolicyError>(())
    /// ```
    pub fn generate_idempotency_key(
        mut self,
        source: impl Fn() -> String + Send + Sync + 'static,
    ) -> Self {
        self.settings.generate_idempotency_key = Some(Given(Arc::new(source)));
        self
    }

    /// The origins that execute requests of one `Idempotency-Key` once, by your word. Default: none.
    ///
    /// There, any key permits a replay, generated or the caller's own. A server that ignores the key executes twice.
    pub fn origins_honouring_keys(mut self, origins: impl Into<Origins>) -> Self {
        self.settings.origins_honouring_keys = origins.into();
        self
    }

    /// Whether a 421 (Misdirected Request) is answered by a replay over a fresh connection. Default: `true`.
    pub fn misdirected(mut self, is_replayed: bool) -> Self {
        self.settings.statuses.misdirected = is_replayed;
        self
    }

    /// Whether a 425 (Too Early) is answered by a replay, without early data. Default: `true`.
    pub fn too_early(mut self, is_replayed: bool) -> Self {
        self.settings.statuses.too_early = is_replayed;
        self
    }

    /// Whether a 408 on a kept-alive connection is answered by a replay, where the whole proof holds that no program
    /// received the request. Default: `true`. Without the proof it is a response like any other.
    pub fn request_timeout(mut self, is_replayed: bool) -> Self {
        self.settings.statuses.request_timeout = is_replayed;
        self
    }
}
