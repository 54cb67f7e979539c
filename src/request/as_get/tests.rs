//! What converts, what does not, and that nothing is lost on the way.

use http::{Request, Version};
use proptest::prelude::*;

use super::*;

const FORM: &str = "application/x-www-form-urlencoded";

fn post(uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::post(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn form(uri: &str, body: &[u8]) -> Result<Parts, NotConvertible> {
    FormToGet.convert(&post(uri, &[("content-type", FORM)]), body)
}

fn uri_of(uri: &str, body: &[u8]) -> String {
    form(uri, body).unwrap().uri.to_string()
}

#[test]
fn a_form_becomes_the_query_of_a_get() {
    let get = form("https://example.com/find", b"q=rust&page=2").unwrap();
    assert_eq!(get.method, Method::GET);
    assert_eq!(
        get.uri.to_string(),
        "https://example.com/find?q=rust&page=2"
    );
}

#[test]
fn a_form_is_joined_to_the_query_that_is_there() {
    assert_eq!(uri_of("http://a/p?x=1", b"y=2"), "http://a/p?x=1&y=2");
    assert_eq!(uri_of("http://a/p?", b"y=2"), "http://a/p?y=2");
    assert_eq!(uri_of("http://a", b"y=2"), "http://a/?y=2");
    assert_eq!(uri_of("/p?x=1", b"y=2"), "/p?x=1&y=2");
}

#[test]
fn an_empty_body_of_any_type_leaves_the_uri_as_it_is() {
    let json = post("http://a/p?x=1", &[("content-type", "application/json")]);
    let get = FormToGet.convert(&json, b"").unwrap();
    assert_eq!(
        (get.method, get.uri.to_string().as_str()),
        (Method::GET, "http://a/p?x=1")
    );
    let bare = post("http://a/p", &[]);
    assert!(FormToGet.convert(&bare, b"").is_ok());
}

#[test]
fn the_media_type_is_compared_without_case_and_parameters() {
    for media_type in [
        "Application/X-WWW-Form-URLencoded",
        "application/x-www-form-urlencoded; charset=UTF-8",
        " application/x-www-form-urlencoded ;charset=utf-8",
    ] {
        let request = post("http://a/p", &[("content-type", media_type)]);
        assert!(FormToGet.convert(&request, b"a=1").is_ok(), "{media_type}");
    }
}

#[test]
fn a_body_that_is_no_form_is_not_converted() {
    let not_forms: [&[(&str, &str)]; 6] = [
        &[],
        &[("content-type", "application/json")],
        &[("content-type", "multipart/form-data; boundary=x")],
        &[("content-type", "application/x-www-form-urlencoded-not")],
        &[("content-type", FORM), ("content-type", "application/json")],
        &[("content-type", FORM), ("content-encoding", "gzip")],
    ];
    for headers in not_forms {
        let converted = FormToGet.convert(&post("http://a/p", headers), b"a=1");
        assert_eq!(
            converted.unwrap_err(),
            NotConvertible::NotAForm,
            "{headers:?}"
        );
    }
}

#[test]
fn only_a_post_is_converted() {
    for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::GET] {
        let mut request = post("http://a/p", &[("content-type", FORM)]);
        request.method = method;
        let converted = FormToGet.convert(&request, b"a=1");
        assert_eq!(converted.unwrap_err(), NotConvertible::NotAForm);
    }
}

#[test]
fn bytes_that_cannot_stand_in_a_query_are_not_converted() {
    for body in [
        &b"a=b c"[..],
        b"a=1\r\nHost: evil",
        b"a=1\n",
        b"a=1#tail",
        b"#",
        b"a=\0",
        b"a=<b>",
        b"a=\xff",
    ] {
        let converted = form("http://a/p", body);
        assert_eq!(converted.unwrap_err(), NotConvertible::NotAForm, "{body:?}");
    }
}

#[test]
fn a_uri_may_grow_to_8000_bytes_and_no_further() {
    let fits = 8_000 - "http://a/p?".len();
    assert_eq!(uri_of("http://a/p", &vec![b'x'; fits]).len(), 8_000);
    for longer in [fits + 1, 8_000, 70_000, 1_000_000] {
        let converted = form("http://a/p", &vec![b'x'; longer]);
        assert_eq!(converted.unwrap_err(), NotConvertible::UriTooLong);
    }
    let long = format!("http://a/{}", "x".repeat(8_000));
    let converted = form(&long, b"");
    assert_eq!(converted.unwrap_err(), NotConvertible::UriTooLong);
}

#[test]
fn headers_that_speak_of_the_body_are_dropped_and_no_others() {
    let mut request = post(
        "http://a/p",
        &[
            ("content-type", FORM),
            ("content-length", "3"),
            ("content-language", "en"),
            ("content-location", "/x"),
            ("content-range", "bytes 0-2/3"),
            ("transfer-encoding", "chunked"),
            ("expect", "100-continue"),
            ("trailer", "digest"),
            ("content-digest", "sha-256=:x:"),
            ("repr-digest", "sha-256=:x:"),
            ("digest", "sha-256=x"),
            ("content-md5", "x"),
            ("authorization", "Bearer x"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
        ],
    );
    request.version = Version::HTTP_10;
    request.extensions.insert("kept");
    let get = FormToGet.convert(&request, b"a=1").unwrap();
    let names: Vec<_> = get.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["authorization", "cookie", "cookie"]);
    assert_eq!(get.version, Version::HTTP_10);
    assert_eq!(get.extensions.get(), Some(&"kept"));
}

#[test]
fn an_encoded_but_empty_body_is_empty() {
    let request = post("http://a/p", &[("content-encoding", "gzip")]);
    let get = FormToGet.convert(&request, b"").unwrap();
    assert!(get.headers.is_empty());
}

#[test]
fn converters_are_object_safe_and_shared_between_threads() {
    fn shared<T: Send + Sync + ?Sized>(_: &T) {}
    let converter: &dyn ConvertToGet = &FormToGet;
    assert!(converter.convert(&post("/p", &[]), b"").is_ok());
    shared(converter);
}

fn any_uri() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("http://a/p".to_owned()),
        Just("https://u@a:8443/p?x=1".to_owned()),
        Just("/p?x=1&y".to_owned()),
        Just("*".to_owned()),
        Just("a:80".to_owned()),
        "/[a-z]{0,5}(\\?[a-z=&]{0,10})?",
    ]
}

proptest! {
    #[test]
    fn no_body_makes_it_panic(uri in any_uri(), body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = form(&uri, &body);
    }

    #[test]
    fn what_converts_says_the_same_as_the_form(
        uri in "(http://a)?/[a-z]{0,5}(\\?[a-z=&]{0,10})?",
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 1..20),
            "[ -~]{1,60}".prop_map(String::into_bytes),
            "[a-zA-Z0-9%+=&*._-]{1,60}".prop_map(String::into_bytes),
        ],
    ) {
        if let Ok(get) = form(&uri, &body) {
            let before: Uri = uri.parse().unwrap();
            // Sent over the wire and parsed again, it is what it was.
            let after: Uri = get.uri.to_string().parse().unwrap();
            let mut expected = before.query().unwrap_or_default().as_bytes().to_vec();
            if !expected.is_empty() {
                expected.push(b'&');
            }
            expected.extend(&body);
            prop_assert_eq!(after.query().unwrap().as_bytes(), expected);
            prop_assert_eq!(after.path(), before.path());
            prop_assert_eq!(after.authority(), before.authority());
        }
    }

    #[test]
    fn every_encoded_form_converts(body in "[a-zA-Z0-9+=&*._-]{0,60}(%[0-9A-F]{2}){0,9}") {
        prop_assert!(form("http://a/p", body.as_bytes()).is_ok());
    }
}
