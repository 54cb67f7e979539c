//! POST to GET: another request in the place of one that may not be sent again.
//!
//! Apart from the verdict because no RFC knows this as a retry: it happens only where the caller asks for it. What it
//! does to the request is decided here, whether it is done is not.
//!
//! Invariant: what converts says in its query byte for byte what the form said in the body; all else is refused.

use http::header::{
    CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_RANGE,
    CONTENT_TYPE, EXPECT, HeaderName, TRAILER, TRANSFER_ENCODING,
};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Uri};

/// The longest URI that is made, in bytes (RFC 9110 section 4.1 asks recipients to take "at a minimum 8000 octets").
const MAX_URI: usize = 8_000;

/// The headers that speak of the body, which a GET does not have.
const CONTENT_HEADERS: [HeaderName; 13] = [
    CONTENT_TYPE,
    CONTENT_LENGTH,
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_LOCATION,
    CONTENT_RANGE,
    TRANSFER_ENCODING,
    EXPECT,
    TRAILER,
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
];

/// Turns a request that may not be sent again into a GET that may.
///
/// [`FormToGet`] is the default. Closures of the same shape are converters too:
///
/// ```
/// use http::{Method, request::Parts};
/// use unstale::request::{ConvertToGet, NotConvertible};
///
/// let search = |request: &Parts, _body: &[u8]| match request.uri.path() {
///     "/search" => {
///         let mut get = request.clone();
///         get.method = Method::GET;
///         Ok(get)
///     }
///     _ => Err(NotConvertible::ByConverter),
/// };
/// let (request, ()) = http::Request::post("/pay").body(())?.into_parts();
/// assert_eq!(search.convert(&request, b"").unwrap_err(), NotConvertible::ByConverter);
/// # Ok::<(), http::Error>(())
/// ```
pub trait ConvertToGet: Send + Sync {
    /// The GET in the place of `request`, whose whole body is `body`. It is sent without a body.
    ///
    /// A result whose method is not GET is taken for [`NotConvertible::ByConverter`].
    fn convert(&self, request: &Parts, body: &[u8]) -> Result<Parts, NotConvertible>;
}

impl<F> ConvertToGet for F
where
    F: Fn(&Parts, &[u8]) -> Result<Parts, NotConvertible> + Send + Sync,
{
    fn convert(&self, request: &Parts, body: &[u8]) -> Result<Parts, NotConvertible> {
        self(request, body)
    }
}

/// Why a request could not be turned into a GET.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum NotConvertible {
    /// It is no POST, or its body is neither empty nor a form that can stand in a query as it is.
    #[error("it is no POST, or its body is neither empty nor a form")]
    NotAForm,
    /// The URI would grow over 8,000 bytes.
    #[error("the address would grow too long")]
    UriTooLong,
    /// A converter of the caller's own refused it.
    #[error("the caller's own conversion refused it")]
    ByConverter,
}

/// The default conversion: a POST with an empty or `application/x-www-form-urlencoded` body becomes a GET with the form
/// joined to its query.
///
/// Headers that speak of the body are dropped; all others, the version and the extensions are kept. Refused are a body
/// of another or no media type, one with a `Content-Encoding`, one with bytes that cannot stand in a query, and a URI
/// that would grow over 8,000 bytes. JSON and multipart bodies are never converted.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct FormToGet;

impl ConvertToGet for FormToGet {
    fn convert(&self, request: &Parts, body: &[u8]) -> Result<Parts, NotConvertible> {
        if request.method != Method::POST {
            return Err(NotConvertible::NotAForm);
        }
        if !body.is_empty() && !is_plain_form(&request.headers) {
            return Err(NotConvertible::NotAForm);
        }
        let uri = join(&request.uri, body)?;
        let mut get = request.clone();
        get.method = Method::GET;
        get.uri = uri;
        get.headers = without_content(&request.headers);
        Ok(get)
    }
}

fn is_plain_form(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else {
        return false;
    };
    let media_type = only.to_str().map_or("", |value| {
        value.split(';').next().unwrap_or_default().trim()
    });
    // A gzipped form is a form to the server, but not to a query.
    media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        && !headers.contains_key(CONTENT_ENCODING)
}

/// Copied, as removing from the map would reorder what is kept.
fn without_content(headers: &HeaderMap) -> HeaderMap {
    headers
        .iter()
        .filter(|(name, _)| !CONTENT_HEADERS.contains(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn join(uri: &Uri, form: &[u8]) -> Result<Uri, NotConvertible> {
    let joined = if form.is_empty() {
        uri.clone()
    } else {
        let target = target_with(uri, form)?;
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(target);
        Uri::from_parts(parts).map_err(|_| NotConvertible::NotAForm)?
    };
    if joined.to_string().len() > MAX_URI {
        return Err(NotConvertible::UriTooLong);
    }
    Ok(joined)
}

fn target_with(uri: &Uri, form: &[u8]) -> Result<PathAndQuery, NotConvertible> {
    let query = uri.query().unwrap_or_default();
    let mut target = format!("{}?{query}", uri.path()).into_bytes();
    if !query.is_empty() {
        target.push(b'&');
    }
    target.extend_from_slice(form);
    if target.len() > MAX_URI {
        return Err(NotConvertible::UriTooLong);
    }
    // Parsing cuts a fragment off instead of refusing it: a form with a bare `#` would lose its tail.
    PathAndQuery::try_from(target.as_slice())
        .ok()
        .filter(|parsed| parsed.as_str().as_bytes() == target)
        .ok_or(NotConvertible::NotAForm)
}

#[cfg(test)]
mod tests;
