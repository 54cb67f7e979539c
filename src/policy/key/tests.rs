//! Whose key counts where.

use std::sync::atomic::{AtomicU32, Ordering};

use http::{Method, Request};

use super::*;
use crate::policy::RetryPolicyBuilder;

const HONOURING: &str = "https://pay.example";

fn request(method: &Method, uri: &str, key: Option<&str>) -> Parts {
    let mut request = Request::builder().method(method).uri(uri);
    if let Some(key) = key {
        request = request.header(IDEMPOTENCY_KEY, key);
    }
    request.body(()).unwrap().into_parts().0
}

fn post(uri: &str, key: Option<&str>) -> Parts {
    request(&Method::POST, uri, key)
}

fn generating(source: impl Fn() -> String + Send + Sync + 'static) -> RetryPolicyBuilder {
    RetryPolicy::builder().generate_idempotency_key(source)
}

fn numbered() -> RetryPolicy {
    let next = AtomicU32::new(1);
    generating(move || format!("key-{}", next.fetch_add(1, Ordering::Relaxed)))
        .origins_honouring_keys(HONOURING)
        .build()
        .unwrap()
}

fn key(request: &Parts) -> Option<&str> {
    let value = request.headers.get(IDEMPOTENCY_KEY)?;
    Some(value.to_str().unwrap())
}

#[test]
fn a_callers_key_counts_everywhere_by_default() {
    let policy = RetryPolicy::default();
    let semantics = |key| policy.profile(&post("http://a/", key)).semantics();
    assert_eq!(semantics(Some("7")), Semantics::Keyed);
    assert_eq!(semantics(None), Semantics::NonIdempotent);
}

#[test]
fn when_off_a_callers_key_counts_only_where_keys_are_honoured() {
    let policy = RetryPolicy::builder()
        .idempotency_key(false)
        .origins_honouring_keys(HONOURING)
        .build()
        .unwrap();
    let semantics = |uri| policy.profile(&post(uri, Some("7"))).semantics();
    assert_eq!(semantics("https://pay.example/x"), Semantics::Keyed);
    assert_eq!(semantics("https://else.example/"), Semantics::NonIdempotent);
}

#[test]
fn a_generated_key_counts_only_where_keys_are_honoured() {
    let policy = numbered();
    let mut honoured = post("https://pay.example/x", None);
    assert_eq!(policy.prepare(&mut honoured).semantics(), Semantics::Keyed);
    assert_eq!(key(&honoured), Some("key-1"));

    let mut ignored = post("https://else.example/", None);
    let profile = policy.prepare(&mut ignored);
    assert_eq!(profile.semantics(), Semantics::NonIdempotent);
    assert_eq!(key(&ignored), Some("key-2"));
}

#[test]
fn a_generated_key_is_not_taken_for_the_callers_by_a_layer_further_in() {
    let mut sent = post("https://else.example/", None);
    let _ = numbered().prepare(&mut sent);
    for inner in [RetryPolicy::default(), numbered()] {
        let semantics = inner.prepare(&mut sent).semantics();
        assert_eq!(semantics, Semantics::NonIdempotent);
    }
    assert_eq!(key(&sent), Some("key-1"));
}

#[test]
fn a_request_keeps_the_key_it_has() {
    let mut own = post("https://else.example/", Some("own"));
    let profile = numbered().prepare(&mut own);
    assert_eq!(profile.semantics(), Semantics::Keyed);
    assert_eq!(key(&own), Some("own"));
}

#[test]
fn only_what_must_not_be_executed_twice_gets_a_key() {
    let policy = numbered();
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::CONNECT] {
        let mut request = request(&method, "https://pay.example", None);
        let _ = policy.prepare(&mut request);
        assert_eq!(key(&request), None, "{method}");
    }
    let mut patch = request(&Method::PATCH, "https://pay.example", None);
    assert_eq!(policy.prepare(&mut patch).semantics(), Semantics::Keyed);
}

#[test]
fn no_key_is_generated_unless_wished() {
    let mut request = post("https://pay.example/", None);
    let _ = RetryPolicy::default().prepare(&mut request);
    assert_eq!(key(&request), None);
}

#[test]
fn a_key_that_is_no_header_value_is_left_out_and_permits_nothing() {
    for bad in ["", "two\r\nlines", "\0"] {
        let policy = generating(|| bad.to_owned())
            .origins_honouring_keys(HONOURING)
            .build()
            .unwrap();
        let mut request = post("https://pay.example/", None);
        let profile = policy.prepare(&mut request);
        assert_eq!(profile.semantics(), Semantics::NonIdempotent);
        assert_eq!(key(&request), None);
    }
}
