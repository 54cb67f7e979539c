//! What can be set of HTTP/1.

use super::{ClientBuilder, Versions};

impl ClientBuilder {
    /// Speaks HTTP/1 alone. Default: over TLS what the handshake comes out with (ALPN), in cleartext HTTP/1.
    #[must_use]
    pub fn http1_only(mut self) -> Self {
        self.versions = match self.versions {
            #[cfg(feature = "http2")]
            Versions::Http2Only | Versions::Contradicting => Versions::Contradicting,
            _ => Versions::Http1Only,
        };
        self
    }

    /// Writes header names as `Content-Type` and not `content-type`. Default: false. For servers that break the rule that
    /// case means nothing (RFC 9110 section 5.1).
    #[must_use]
    pub fn http1_title_case_headers(mut self, enabled: bool) -> Self {
        self.http1.title_case_headers(enabled);
        self
    }

    /// How many headers a response may have. Default: 100. At least 1.
    #[must_use]
    pub fn http1_max_headers(mut self, headers: usize) -> Self {
        if headers == 0 {
            self.unfit("http1_max_headers", "must be 1 or more");
        }
        self.http1.max_headers(headers);
        self
    }

    /// How many bytes are buffered of a connection. Default: about 400 KiB. At least 8,192.
    #[must_use]
    pub fn http1_max_buf_size(mut self, bytes: usize) -> Self {
        // hyper panics below its minimum.
        match bytes {
            8_192.. => drop(self.http1.max_buf_size(bytes)),
            _ => self.unfit("http1_max_buf_size", "must be 8192 bytes or more"),
        }
        self
    }

    /// Takes responses in which spaces stand between a header's name and its colon. Default: false. It opens a way to smuggle
    /// responses past a proxy (RFC 9112 section 5.1).
    #[must_use]
    pub fn http1_allow_spaces_after_header_name_in_responses(mut self, enabled: bool) -> Self {
        self.http1
            .allow_spaces_after_header_name_in_responses(enabled);
        self
    }

    /// Takes responses whose headers are folded over several lines. Default: false. Obsolete, and a way to smuggle responses
    /// past a proxy (RFC 9112 section 5.2).
    #[must_use]
    pub fn http1_allow_obsolete_multiline_headers_in_responses(mut self, enabled: bool) -> Self {
        self.http1
            .allow_obsolete_multiline_headers_in_responses(enabled);
        self
    }

    /// Leaves out headers of a response that are malformed, rather than fail. Default: false.
    #[must_use]
    pub fn http1_ignore_invalid_headers_in_responses(mut self, enabled: bool) -> Self {
        self.http1.ignore_invalid_headers_in_responses(enabled);
        self
    }
}
