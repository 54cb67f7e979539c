//! The requests that a row is played with.

use http::{Method, Request, Version};

use super::upload::Upload;
use crate::client::{Body, empty, full};

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Get,
    Put,
    Delete,
    /// A POST with an `Idempotency-Key`.
    KeyedPost,
    Post,
    Head,
    /// A PUT with `If-Match`.
    ConditionalPut,
}

impl Call {
    /// The first column of the table.
    pub const REPEATABLE: [Self; 4] = [Self::Get, Self::Put, Self::Delete, Self::KeyedPost];

    /// Both columns.
    pub const ALL: [Self; 5] = [
        Self::Get,
        Self::Put,
        Self::Delete,
        Self::KeyedPost,
        Self::Post,
    ];

    /// Whether it may be executed twice without harm.
    pub fn is_repeatable(self) -> bool {
        self == Self::Head || Self::REPEATABLE.contains(&self)
    }

    pub fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Put | Self::ConditionalPut => Method::PUT,
            Self::Delete => Method::DELETE,
            Self::KeyedPost | Self::Post => Method::POST,
            Self::Head => Method::HEAD,
        }
    }

    pub fn body(self) -> &'static str {
        match self {
            Self::Put | Self::ConditionalPut | Self::KeyedPost | Self::Post => "hello",
            Self::Get | Self::Delete | Self::Head => "",
        }
    }

    pub fn request(self, url: &str, with: With) -> Request<Body> {
        let mut request = Request::builder().method(self.method()).uri(url);
        request = match self {
            Self::KeyedPost => request.header("idempotency-key", "7"),
            Self::ConditionalPut => request.header("if-match", "\"7\""),
            _ => request,
        };
        request = match with {
            With::Nothing | With::Upload(_) => request,
            With::ConnectionClose => request.header("connection", "close"),
            With::Http10 => request.version(Version::HTTP_10),
        };
        let body = match self.body() {
            "" => empty(),
            body => full(body),
        };
        request.body(body).unwrap()
    }
}

/// What a request says beyond its kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum With {
    #[default]
    Nothing,
    /// `Connection: close`.
    ConnectionClose,
    /// HTTP/1.0 in the request line.
    Http10,
    /// A body of unknown length in place of the usual one.
    Upload(Upload),
}
