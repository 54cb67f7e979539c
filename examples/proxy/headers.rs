//! Which fields are passed on, and which are about one connection alone (RFC 9110 section 7.6.1).
//!
//! Apart from the forwarding because it is nothing but text. Invariant: first everything goes that is about the connection
//! the message came by, then what is said of it is added; so no client can have ours removed by naming it in `Connection`.

use std::net::SocketAddr;

use axum::extract::Request;
use axum::http::header::{
    CONNECTION, CONTENT_LENGTH, FORWARDED, HOST, MAX_FORWARDS, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, TE, TRANSFER_ENCODING, UPGRADE, VIA,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Version};

/// The name under which this proxy signs `Via`.
const NAME: &str = "unstale-proxy";

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// About one connection, whether or not `Connection` says so.
const HOP_BY_HOP: [HeaderName; 8] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Who sent a request, and whom to.
pub(crate) struct Sender {
    from: SocketAddr,
    /// The host that was asked for.
    host: Option<HeaderValue>,
}

impl Sender {
    /// What a request says. An address in its first line counts more than `Host` (RFC 9112 section 3.2.2).
    pub(crate) fn of(request: &Request, from: SocketAddr) -> Self {
        let authority = request.uri().authority();
        let named = authority.and_then(|it| HeaderValue::from_str(it.as_str()).ok());
        Self {
            from,
            host: named.or_else(|| request.headers().get(HOST).cloned()),
        }
    }

    /// An element of `Forwarded` (RFC 7239 section 4). Quoted where it has to be, and it may be always.
    fn forwarded(&self) -> String {
        let address = match self.from {
            SocketAddr::V4(from) => from.ip().to_string(),
            SocketAddr::V6(from) => format!("\"[{}]\"", from.ip()),
        };
        let host = self.host.as_ref().and_then(|host| host.to_str().ok());
        // What is no host may not leave its quotes.
        match host.filter(|host| !host.contains(['"', '\\'])) {
            Some(host) => format!("for={address};host=\"{host}\";proto=http"),
            None => format!("for={address};proto=http"),
        }
    }
}

/// The protocol that a request wants to switch to. Of HTTP/1.0 it is ignored (RFC 9110 section 7.8).
pub(crate) fn protocol_asked_for(request: &Request) -> Option<HeaderValue> {
    let asks = request.version() == Version::HTTP_11
        && options(request.headers()).any(|option| option == UPGRADE);
    let protocol = request.headers().get(UPGRADE);
    protocol.filter(|_| asks).cloned()
}

/// Whether a request has gone as far as it was to go; if it may go on, by one step fewer. Said of OPTIONS and TRACE alone
/// (RFC 9110 section 7.6.2).
pub(crate) fn is_at_its_end(request: &mut Request) -> bool {
    let is_limited = [Method::OPTIONS, Method::TRACE].contains(request.method());
    let steps = request.headers_mut().get_mut(MAX_FORWARDS);
    let Some(steps) = steps.filter(|_| is_limited) else {
        return false;
    };
    let said = steps.to_str().ok().and_then(|said| said.parse().ok());
    match said.map(|left: u32| left.checked_sub(1)) {
        Some(Some(left)) => *steps = left.into(),
        Some(None) => return true,
        // It is no number.
        None => {}
    }
    false
}

/// Makes the fields of a request those of the one that is sent on. What stands in the lists before our elements is what
/// others claim.
pub(crate) fn pass_on_request(
    headers: &mut HeaderMap,
    version: Version,
    asked_for: Option<&HeaderValue>,
    sender: &Sender,
) {
    let takes_trailers = headers.get_all(TE).iter().any(is_trailers);
    pass_on(headers, version);
    // The client puts in that of the upstream; the one that was asked for is told in `Forwarded`.
    headers.remove(HOST);
    if takes_trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
        append(headers, &CONNECTION, "te");
    }
    if let Some(protocol) = asked_for {
        switch_to(headers, protocol.clone());
    }
    append(headers, &FORWARDED, &sender.forwarded());
    append(headers, &X_FORWARDED_FOR, &sender.from.ip().to_string());
}

/// Makes the fields of a message, of this version, those of the one that is sent on.
pub(crate) fn pass_on(headers: &mut HeaderMap, version: Version) {
    // The two contradict each other, and the coding counts: whoever reads it otherwise sees another message (RFC 9112
    // section 6.3).
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH);
    }
    let named: Vec<_> = options(headers).collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
    let version = match version {
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2.0",
        _ => "1.1",
    };
    append(headers, &VIA, &format!("{version} {NAME}"));
}

/// Says that the connection is to switch to a protocol, or does.
pub(crate) fn switch_to(headers: &mut HeaderMap, protocol: HeaderValue) {
    append(headers, &CONNECTION, "upgrade");
    headers.insert(UPGRADE, protocol);
}

/// What `Connection` names.
fn options(headers: &HeaderMap) -> impl Iterator<Item = HeaderName> {
    let lines = headers.get_all(CONNECTION).iter();
    let options = lines.filter_map(|line| line.to_str().ok());
    options
        .flat_map(|line| line.split(','))
        .filter_map(|option| option.trim().parse().ok())
}

fn is_trailers(codings: &HeaderValue) -> bool {
    let codings = codings.to_str().unwrap_or_default();
    codings
        .split(',')
        .any(|coding| coding.trim().eq_ignore_ascii_case("trailers"))
}

/// Appends an element to a list, all in one line: not everybody reads a second.
fn append(headers: &mut HeaderMap, name: &HeaderName, element: &str) {
    let known = headers.get_all(name).iter();
    let mut list: Vec<&[u8]> = known.map(HeaderValue::as_bytes).collect();
    list.push(element.as_bytes());
    if let Ok(list) = HeaderValue::from_bytes(&list.join(&b", "[..])) {
        headers.insert(name, list);
    }
}
