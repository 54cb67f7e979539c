//! What the clients that people use do about stale connections: facts, each with its source.
//!
//! Defaults, over HTTP/1, unless said otherwise. *POST* stands for every request that is not idempotent.
//!
//! | | `unstale::Client` | hyper-util's client | reqwest | reqwest-retry | ureq | Go `net/http` | OkHttp | curl |
//! | --- | --- | --- | --- | --- | --- | --- | --- | --- |
//! | looks at an idle connection before it is used | asks the kernel [¹](#sources) | whether its task has seen the end [²](#sources) | as hyper-util [³](#sources) | as reqwest [⁴](#sources) | reads a byte [⁵](#sources) | a read is pending all the time [⁶](#sources) | reads for 1 ms, if idle for 10 s and not a GET [⁷](#sources) | polls the one that is to be used, and all once a second [⁸](#sources) |
//! | sends a lost POST again | if it was not sent, proved not received, or refused [¹](#sources) | if hyper hands it back unsent [²](#sources) | that, and HTTP/2 refusals [³](#sources) | on connection errors of all kinds [⁴](#sources) | no [⁵](#sources) | if nothing was written, or it has an `Idempotency-Key` [⁶](#sources) | yes, if its body can be read again [⁷](#sources) | on a reused connection that answered nothing [⁸](#sources) |
//! | so a server that acts, and closes without an answer, executes a POST twice | no [¹](#sources) | no [²](#sources) | no [³](#sources) | yes [⁴](#sources) | no [⁵](#sources) | not without the key [⁶](#sources) | yes [⁷](#sources) | yes [⁸](#sources) |
//! | a replay goes over a connection opened for it | yes, once the request had left [¹](#sources) | no [²](#sources) | no [³](#sources) | no [⁴](#sources) | - | no [⁶](#sources) | as the pool has it [⁷](#sources) | as the pool has it [⁸](#sources) |
//! | goes by the server's own idle timeout | announced, learned or configured [¹](#sources) | no [²](#sources) | no [³](#sources) | no [⁴](#sources) | no [⁵](#sources) | no [⁶](#sources) | no [⁷](#sources) | no [⁸](#sources) |
//! | the age of an idle connection counts a sleep of the machine (Linux) | yes [¹](#sources) | no: `Instant` [²](#sources) | no [³](#sources) | no [⁴](#sources) | no: `Instant` [⁵](#sources) | yes: the wall clock [⁶](#sources) | no: `System.nanoTime` [⁷](#sources) | no: `CLOCK_MONOTONIC` [⁸](#sources) |
//! | the error says whether the request had been sent or received | yes [¹](#sources) | no [²](#sources) | no [³](#sources) | no [⁴](#sources) | no [⁵](#sources) | no [⁶](#sources) | no [⁷](#sources) | no [⁸](#sources) |
//!
//! # Measured
//!
//! | | `unstale::Client` | hyper-util's client | reqwest | command |
//! | --- | --- | --- | --- | --- |
//! | of 2,000 POSTs at the idle timeout of a server 20 ms away, the caller saw fail: nginx, HAProxy, Node.js, Apache httpd; in cleartext, with prevention off; of Apache's 657, who trusts its half-close sees none | 2, 0, 2, 657 | 681, 674, 659, 673 | 679, 683, 673, 683 | `docs/at_timeout.md` in the repository: the command, and all of its output |
//! | the same with prevention, which is the default; 64 runs, on loopback too | 0 of 128,000 | - | - | `docs/prevention.md` |
//! | instructions, system calls, allocations, requests a second, memory | `benches/README.md` | the same | the same | the commands there |
//!
//! # Sources
//!
//! 1. This crate's documentation; `docs/evidence.md`, `docs/prevention.md`; held by `tests/it/scenario` and `tests/client`.
//! 2. hyper-util 0.1.21, `src/client/legacy/client.rs` (`try_send_request`, `connection_reused`, `retry_canceled_requests`) and
//!    `src/client/legacy/pool.rs` (`idle_at`).
//! 3. reqwest 0.13.5, `src/retry.rs`: `ProtocolNacks`, two for each request; `src/async_impl/client.rs`: the pool is hyper-util's.
//! 4. reqwest-retry 0.9.1, `src/retryable_strategy.rs`: `default_on_request_failure` calls incomplete messages, cancelled, reset and
//!    timed out requests transient, whatever their method, and whether or not the connection had been used before; all else is
//!    reqwest's.
//! 5. ureq 3.4.0, `src/pool.rs` and `src/unversioned/transport/tcp.rs`.
//! 6. Go, `src/net/http/transport.go`: `readLoop`, `shouldRetryRequest`, `isReplayable`; idle ages by `time.Now().Round(0)`.
//! 7. OkHttp 5, `RetryAndFollowUpInterceptor.kt` (`recover`), `RealConnection.kt` (`isHealthy`).
//! 8. curl 8, `lib/transfer.c` (`Curl_retry_request`), `lib/url.c` (`url_match_conn`), `lib/conncache.c` and `lib/cf-socket.c`
//!    (`cf_tcp_is_alive`).
