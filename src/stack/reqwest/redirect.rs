//! Redirects, followed above the replays.
//!
//! What is asked at the next hop, and what is left out there, is as in reqwest: a POST that is answered with 301, 302 or 303 is
//! followed by a GET without a body, 307 and 308 by the same request if its body is still there, and what is secret stays
//! with the origin.

use std::fmt;
use std::mem;
use std::sync::Arc;

use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderName, LOCATION,
    PROXY_AUTHORIZATION, REFERER, TRANSFER_ENCODING, WWW_AUTHENTICATE,
};
use http::{HeaderValue, StatusCode};
use reqwest::{Method, Request, Response, Url};

use crate::error::Error;

const COOKIE2: HeaderName = HeaderName::from_static("cookie2");

/// Which redirects are followed.
///
/// reqwest's own policy cannot be asked by anybody but reqwest. Default: ten.
#[derive(Clone)]
pub struct RedirectPolicy(Kind);

#[derive(Clone)]
enum Kind {
    Limited(usize),
    Custom(Arc<dyn Fn(&Hop<'_>) -> bool + Send + Sync>),
}

/// A redirect that may be followed.
#[derive(Debug)]
pub struct Hop<'a> {
    status: StatusCode,
    next: &'a Url,
    previous: &'a [Url],
}

impl RedirectPolicy {
    /// Follows none: the response that redirects is the response.
    pub fn none() -> Self {
        Self::custom(|_| false)
    }

    /// Follows so many; one more is an error ([`Error::is_request`]), as in reqwest.
    pub fn limited(most: usize) -> Self {
        Self(Kind::Limited(most))
    }

    /// Follows those of which `follow` says so; any other response is the response. Nobody else counts them.
    ///
    /// ```
    /// use unstale::reqwest::RedirectPolicy;
    ///
    /// let at_home = RedirectPolicy::custom(|hop| {
    ///     hop.previous().len() < 5 && hop.next().host_str() == Some("example.com")
    /// });
    /// ```
    pub fn custom(follow: impl Fn(&Hop<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self(Kind::Custom(Arc::new(follow)))
    }

    fn allow(&self, hop: &Hop<'_>) -> Result<bool, Error> {
        match &self.0 {
            Kind::Limited(most) if hop.previous.len() > *most => {
                Err(Error::invalid_request(TooMany(*most)))
            }
            Kind::Limited(_) => Ok(true),
            Kind::Custom(follow) => Ok(follow(hop)),
        }
    }
}

impl Default for RedirectPolicy {
    fn default() -> Self {
        Self::limited(10)
    }
}

impl fmt::Debug for RedirectPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Limited(most) => f.debug_tuple("Limited").field(most).finish(),
            Kind::Custom(_) => f.write_str("Custom"),
        }
    }
}

impl Hop<'_> {
    /// The status of the response that redirects.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Where it leads.
    pub fn next(&self) -> &Url {
        self.next
    }

    /// What was asked before, the first request first; the one that was redirected is the last.
    pub fn previous(&self) -> &[Url] {
        self.previous
    }
}

#[derive(Debug, thiserror::Error)]
#[error("too many redirects: {0} were followed")]
struct TooMany(usize);

/// The way of one call: the request for a further hop.
pub(super) struct Trail {
    request: Request,
    /// Whether its body is still there; that of a stream is gone once it was sent.
    is_whole: bool,
    previous: Vec<Url>,
}

impl Trail {
    pub(super) fn new(request: &Request) -> Self {
        let whole = request.try_clone();
        Self {
            is_whole: whole.is_some(),
            request: whole.unwrap_or_else(|| without_body(request)),
            previous: vec![request.url().clone()],
        }
    }

    /// The request of the hop to which a response leads; `None`: it is the response.
    pub(super) fn next(
        &mut self,
        response: &Response,
        policy: &RedirectPolicy,
    ) -> Result<Option<Request>, Error> {
        let status = response.status();
        let becomes_get = match status {
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => {
                self.request.method() == Method::POST
            }
            StatusCode::SEE_OTHER => self.request.method() != Method::HEAD,
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => false,
            _ => return Ok(None),
        };
        if !becomes_get && !self.is_whole {
            return Ok(None);
        }
        let Some(next) = location(response, self.request.url()) else {
            return Ok(None);
        };
        let hop = Hop {
            status,
            next: &next,
            previous: &self.previous,
        };
        if !policy.allow(&hop)? {
            return Ok(None);
        }
        if becomes_get {
            self.become_get();
        }
        self.go_to(next);
        Ok(self.request.try_clone())
    }

    fn become_get(&mut self) {
        *self.request.method_mut() = Method::GET;
        *self.request.body_mut() = None;
        self.is_whole = true;
        let headers = self.request.headers_mut();
        for name in [
            CONTENT_TYPE,
            CONTENT_LENGTH,
            CONTENT_ENCODING,
            TRANSFER_ENCODING,
        ] {
            headers.remove(name);
        }
    }

    fn go_to(&mut self, next: Url) {
        let last = mem::replace(self.request.url_mut(), next.clone());
        let headers = self.request.headers_mut();
        if last.origin() != next.origin() {
            for name in [
                AUTHORIZATION,
                COOKIE,
                COOKIE2,
                PROXY_AUTHORIZATION,
                WWW_AUTHENTICATE,
            ] {
                headers.remove(name);
            }
        }
        if let Some(referer) = referer(last, &next) {
            headers.insert(REFERER, referer);
        }
        self.previous.push(next);
    }
}

fn without_body(request: &Request) -> Request {
    let mut copy = Request::new(request.method().clone(), request.url().clone());
    *copy.headers_mut() = request.headers().clone();
    *copy.version_mut() = request.version();
    copy
}

fn location(response: &Response, asked: &Url) -> Option<Url> {
    let location = response.headers().get(LOCATION)?;
    asked
        .join(std::str::from_utf8(location.as_bytes()).ok()?)
        .ok()
}

/// Where the next hop is said to come from. It is told nothing of a request that was encrypted if it is not itself.
fn referer(mut last: Url, next: &Url) -> Option<HeaderValue> {
    if last.scheme() == "https" && next.scheme() == "http" {
        return None;
    }
    // Of an address that has no host there is nothing to be taken away.
    let _ = last.set_username("");
    let _ = last.set_password(None);
    last.set_fragment(None);
    last.as_str().parse().ok()
}
