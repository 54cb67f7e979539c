//! Which URIs a list covers.

use super::*;

fn covers(origin: &str, uri: &str) -> bool {
    let origins = Origins::from(origin);
    assert_eq!(origins.wrong(), None);
    origins.covers(&uri.parse().unwrap())
}

#[test]
fn an_origin_covers_its_own_uris() {
    for (origin, uri) in [
        ("https://example.com", "https://example.com/a?b=c"),
        ("https://example.com/", "https://example.com"),
        ("https://EXAMPLE.com", "https://example.COM/"),
        ("HTTPS://example.com", "https://example.com/"),
        ("https://example.com", "HTTPS://example.com/"),
        ("https://example.com:443", "https://example.com/"),
        ("https://example.com", "https://example.com:443/"),
        ("http://example.com", "http://example.com:80/"),
        ("http://example.com", "http://example.com:/"),
        ("http://example.com", "http://user@example.com/"),
        ("http://localhost:8080", "http://localhost:8080/"),
        ("http://[::1]:8080", "http://[::1]:8080/"),
        ("http://90:90", "http://u:90@90:90/"),
    ] {
        assert!(covers(origin, uri), "{origin} {uri}");
    }
}

#[test]
fn an_origin_covers_no_other() {
    for (origin, uri) in [
        ("https://example.com", "http://example.com/"),
        ("https://example.com", "https://example.com:8443/"),
        ("https://example.com", "https://www.example.com/"),
        ("https://example.com", "https://example.com.evil/"),
        ("https://example.com", "https://example.com@evil/"),
        ("http://example.com:443", "https://example.com/"),
        ("https://example.com", "https://example.com:99999/"),
        ("https://example.com", "/relative"),
        ("example.com", "/relative"),
        ("http://90", "http://90:90/"),
        ("example.com", "example.com:80"),
        ("example.com", "ftp://example.com/"),
    ] {
        assert!(!covers(origin, uri), "{origin} {uri}");
    }
}

#[test]
fn an_origin_without_a_scheme_is_both() {
    assert!(covers("example.com", "http://example.com/"));
    assert!(covers("example.com", "https://example.com/"));
    assert!(!covers("example.com", "https://example.com:8443/"));
    assert!(covers("example.com:8443", "https://example.com:8443/"));
    assert!(!covers("example.com:443", "http://example.com/"));
    assert!(covers("example.com:443", "https://example.com/"));
}

#[test]
fn what_is_no_origin_is_wrong() {
    for text in [
        "",
        "/",
        "https://",
        "https://example.com/path",
        "https://example.com?q",
        "https://example.com#f",
        "https://user@example.com",
        "ftp://example.com",
        "https://example.com:99999",
        "https://example.com:x",
        "two words",
    ] {
        let origins = Origins::listed(["https://good.example", text]);
        assert_eq!(origins.wrong(), Some(text));
    }
}

#[test]
fn a_list_covers_each_of_its_origins() {
    let origins = Origins::from(vec!["http://a", "http://b"]);
    let covered =
        ["http://a/", "http://b/", "http://c/"].map(|uri| origins.covers(&Uri::from_static(uri)));
    assert_eq!(covered, [true, true, false]);
}

#[test]
fn a_closure_decides_on_the_uri() {
    let origins = Origins::matching(|uri| uri.port_u16() == Some(81));
    assert!(origins.covers(&Uri::from_static("http://a:81/")));
    assert!(!origins.covers(&Uri::from_static("http://a/")));
    assert!(!origins.is_none() && origins.wrong().is_none());
}

#[test]
fn none_covers_nothing() {
    assert!(Origins::none().is_none());
    assert!(!Origins::none().covers(&Uri::from_static("http://a/")));
}
