//! `HAProxy`: closes fully at `timeout http-keep-alive`; it answers by itself, no server stands behind it.
//!
//! Apart from its fellows because a server is nothing but its configuration. It waits for the request's body before it
//! answers (`http-buffer-request`), and logs to its standard output, which is the log file.

use super::Program;

/// `HAProxy` 2.4 or later (`%HPO`). The master (`-W`) reloads as `-sf` does, and hands the listening sockets over.
pub(crate) const HAPROXY: Program = Program {
    binary: "haproxy",
    package: "haproxy",
    arguments: &["-W", "-db", "-f", "haproxy.cfg"],
    file: "haproxy.cfg",
    configuration: CONFIGURATION,
    graceful: "USR1",
    reload: "USR2",
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
    log-format \"%HM %HPO%HQ %ST\"
    timeout client 10s
    timeout http-request 10s
    timeout http-keep-alive {idle}s

frontend any
    bind {address}:{cleartext}
    bind {address}:{tls} ssl crt both.pem
    bind {address}:{http2} proto h2
    bind {address}:{http2_tls} ssl crt both.pem alpn h2
    option http-buffer-request
    http-request return status 200 content-type text/plain string ok
";
