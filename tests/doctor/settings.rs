//! What the report tells to set can be set: every setter that it names, written as it writes it, and compiled.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use unstale::Prevention;

const ADVICE: &str = include_str!("../../src/bin/unstale/advice.rs");

/// What stands between a dot and an opening bracket in a text that is printed.
fn setters() -> Vec<&'static str> {
    let code = ADVICE.lines().filter(|line| line.contains('"'));
    let pieces = code.flat_map(|line| line.split('.').skip(1));
    let names = pieces.filter_map(|piece| piece.split_once('('));
    let is_setter = |name: &&str| {
        let kinds = ["pool_", "set_", "tcp_", "prevention", "server_"];
        kinds.iter().any(|kind| name.starts_with(kind))
    };
    names.map(|(name, _)| name).filter(is_setter).collect()
}

#[test]
fn every_setter_that_is_named_exists() {
    let mut connector = HttpConnector::new();
    connector.set_keepalive(Some(Duration::from_millis(2_400)));
    let _client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_millis(4_800))
        .pool_max_idle_per_host(0)
        .build(connector);
    let _builder = reqwest::Client::builder()
        .pool_idle_timeout(Duration::from_millis(4_800))
        .pool_max_idle_per_host(0)
        .tcp_keepalive(Duration::from_secs(2));
    let _builder = unstale::Client::builder()
        .prevention(Prevention::default().server_idle_timeout(Duration::from_secs(5)))
        .pool_idle_timeout(Duration::from_millis(4_800))
        .pool_max_idle_per_host(0)
        .pool_max_exchanges(7)
        .tcp_keepalive(Duration::from_secs(2));
    let named = setters();
    assert!(named.len() >= 7, "{named:?}");
    let here = include_str!("settings.rs");
    for setter in named {
        assert!(here.contains(&format!(".{setter}(")), "{setter}");
    }
}
