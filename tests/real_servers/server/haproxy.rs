//! `HAProxy`: closes fully at `timeout http-keep-alive`; it answers by itself, no server stands behind it.
//!
//! Apart from its fellows because a server is nothing but its configuration. It waits for the request's body before it
//! answers (`http-buffer-request`), and logs to its standard output, which is the log file.

use super::Program;

/// `HAProxy` 2.2 or later (`http-request return`).
pub(crate) const HAPROXY: Program = Program {
    binary: "haproxy",
    package: "haproxy",
    arguments: &["-db", "-f", "haproxy.cfg"],
    file: "haproxy.cfg",
    configuration: CONFIGURATION,
    graceful: "USR1",
};

// `maxconn`: HAProxy wants two file descriptors for each, and 1024 is what an ordinary user has.
const CONFIGURATION: &str = "
global
    log stdout format raw local0
    nbthread 1
    maxconn 400

defaults
    mode http
    log global
    option dontlognull
    log-format \"%HM %HU %ST\"
    timeout client 10s
    timeout http-request 10s
    timeout http-keep-alive 1s

frontend any
    bind 127.0.0.1:{cleartext}
    bind 127.0.0.1:{tls} ssl crt both.pem
    option http-buffer-request
    http-request return status 200 content-type text/plain string ok
";
