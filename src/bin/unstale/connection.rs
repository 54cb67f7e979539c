//! One request after another over one connection, by HTTP/1 or HTTP/2.
//!
//! Apart from the line below, which knows nothing of requests. Invariant: a request is sent once, and over this connection;
//! what became of it is told from what was seen on the line, and not from an error's words.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::Ping;
use http::{HeaderMap, Method, Request, StatusCode, Version, header};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout};

use crate::failure::Failure;
use crate::line::{Dialer, End, Line, Record};
use crate::target::Target;

/// Says who asks, and where to read why.
const USER_AGENT: &str = concat!(
    "unstale-probe/",
    env!("CARGO_PKG_VERSION"),
    " (+https://docs.rs/unstale)"
);

/// What is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

impl Protocol {
    /// Its name in a TLS handshake.
    pub(crate) fn alpn(self) -> &'static [u8] {
        match self {
            Self::Http1 => b"http/1.1",
            Self::Http2 => b"h2",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        })
    }
}

/// A connection that is up.
pub(crate) struct Connection {
    speaker: Speaker,
    target: Target,
    patience: Duration,
    pub(crate) record: Arc<Record>,
}

enum Speaker {
    Http1(http1::SendRequest<Empty<Bytes>>),
    Http2(h2::client::SendRequest<Bytes>, Option<h2::PingPong>),
}

/// How to ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub(crate) head: bool,
    /// Whether to send `Connection: keep-alive`, at which some servers announce their timeout.
    pub(crate) keep_alive: bool,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) length: usize,
}

impl Answer {
    /// Whether the server says that the connection carries no other request.
    pub(crate) fn is_last(&self) -> bool {
        let says = |word: &str| {
            let values = self.headers.get_all(header::CONNECTION).iter();
            let mut options = values
                .filter_map(|value| value.to_str().ok())
                .flat_map(|value| value.split(','));
            options.any(|option| option.trim().eq_ignore_ascii_case(word))
        };
        says("close") || self.version == Version::HTTP_10 && !says("keep-alive")
    }

    /// The field of this name, as text.
    pub(crate) fn field(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Why a request has no answer.
#[derive(Debug)]
pub(crate) enum Lost {
    /// The connection ended.
    Ended(End),
    /// Not a sign of life: the kernel has sent it again and again, and nothing is acknowledged.
    Silent,
    /// It was acknowledged, or nobody knows, and no answer came in time.
    Unanswered,
    /// What came is no answer.
    NotHttp,
}

impl Connection {
    /// Speaks a protocol over a line.
    async fn over(line: Line, dialer: &Dialer, protocol: Protocol) -> Result<Self, Lost> {
        let Line { io, record, .. } = line;
        let speaker = match protocol {
            Protocol::Http1 => {
                let io = TokioIo::new(io);
                let (sender, connection) = http1::handshake(io).await.map_err(|_| Lost::NotHttp)?;
                tokio::spawn(connection);
                Speaker::Http1(sender)
            }
            Protocol::Http2 => {
                record.expect_frames();
                let handshake = h2::client::handshake(io).await;
                let (sender, mut connection) = handshake.map_err(|_| Lost::NotHttp)?;
                let pings = connection.ping_pong();
                tokio::spawn(connection);
                Speaker::Http2(sender, pings)
            }
        };
        Ok(Self {
            speaker,
            target: dialer.target.clone(),
            patience: dialer.patience,
            record,
        })
    }

    /// Opens a line and speaks over it.
    pub(crate) async fn open(dialer: &Dialer, protocol: Protocol) -> Result<Self, Failure> {
        let line = dialer.open(&[protocol]).await?;
        Self::first(line, dialer, protocol).await
    }

    /// Speaks over a line over which nobody has spoken.
    pub(crate) async fn first(
        line: Line,
        dialer: &Dialer,
        protocol: Protocol,
    ) -> Result<Self, Failure> {
        let record = Arc::clone(&line.record);
        let connection = Self::over(line, dialer, protocol).await;
        connection.map_err(|lost| lost.of_a_first_request(&record, dialer, protocol))
    }

    /// Sends a request and reads the answer to its end.
    pub(crate) async fn get(&mut self, ask: Ask) -> Result<Answer, Lost> {
        self.record.forget_unasked();
        let sent = Instant::now();
        let request = self.request(ask);
        let answer = match &mut self.speaker {
            Speaker::Http1(sender) => within(self.patience, by_http1(sender, request)).await,
            Speaker::Http2(sender, _) => within(self.patience, by_http2(sender, request)).await,
        };
        match answer {
            Some(Ok(answer)) => Ok(answer),
            // A FIN behind the failure may not have been read yet.
            Some(Err(is_parse)) => {
                if is_parse {
                    return Err(Lost::NotHttp);
                }
                let end = within(Duration::from_millis(500), self.record.ended()).await;
                Err(end.map_or(Lost::NotHttp, Lost::Ended))
            }
            None => Err(self.unanswered(sent)),
        }
    }

    /// No answer came: has the other side's kernel been heard at all since?
    fn unanswered(&self, sent: Instant) -> Lost {
        let silent = self.record.vitals().is_some_and(|vitals| {
            let nothing_since = vitals.since_heard() + Duration::from_millis(20) >= sent.elapsed();
            vitals.is_unacknowledged() && vitals.retransmits() >= 2 && nothing_since
        });
        if silent {
            Lost::Silent
        } else {
            Lost::Unanswered
        }
    }

    /// HTTP/2: how long a PING takes; `None` if it is not answered in time.
    pub(crate) async fn ping(&mut self) -> Option<Duration> {
        let Speaker::Http2(_, Some(pings)) = &mut self.speaker else {
            return None;
        };
        let sent = Instant::now();
        let pong = within(self.patience, pings.ping(Ping::opaque())).await;
        matches!(pong, Some(Ok(_))).then(|| sent.elapsed())
    }

    fn request(&self, ask: Ask) -> Request<()> {
        let mut request = Request::new(());
        if ask.head {
            *request.method_mut() = Method::HEAD;
        }
        *request.uri_mut() = match self.speaker {
            Speaker::Http1(_) => http::Uri::from(self.target.path.clone()),
            Speaker::Http2(..) => self.target.uri(),
        };
        let headers = request.headers_mut();
        let agent = header::HeaderValue::from_static(USER_AGENT);
        headers.insert(header::USER_AGENT, agent);
        headers.insert(header::ACCEPT, header::HeaderValue::from_static("*/*"));
        if let Speaker::Http1(_) = self.speaker {
            if let Ok(host) = self.target.authority.as_str().parse() {
                headers.insert(header::HOST, host);
            }
            if ask.keep_alive {
                let wanted = header::HeaderValue::from_static("keep-alive");
                headers.insert(header::CONNECTION, wanted);
            }
        }
        request
    }
}

async fn within<F: Future>(patience: Duration, future: F) -> Option<F::Output> {
    timeout(patience, future).await.ok()
}

/// `Err`: whether what came could not be read.
async fn by_http1(
    sender: &mut http1::SendRequest<Empty<Bytes>>,
    request: Request<()>,
) -> Result<Answer, bool> {
    let cannot_be_read = |error: hyper::Error| error.is_parse();
    sender.ready().await.map_err(cannot_be_read)?;
    let sending = sender.send_request(request.map(|()| Empty::new()));
    let (parts, mut body) = sending.await.map_err(cannot_be_read)?.into_parts();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(cannot_be_read)?;
        length += frame.data_ref().map_or(0, Bytes::len);
    }
    Ok(Answer {
        status: parts.status,
        version: parts.version,
        headers: parts.headers,
        length,
    })
}

async fn by_http2(
    sender: &mut h2::client::SendRequest<Bytes>,
    request: Request<()>,
) -> Result<Answer, bool> {
    // The server speaks HTTP/2 by then, or it is seen from how it began.
    let is_parse = |error: h2::Error| error.is_library();
    let mut ready = sender.clone().ready().await.map_err(is_parse)?;
    let (answer, _) = ready.send_request(request, true).map_err(is_parse)?;
    let (parts, mut body) = answer.await.map_err(is_parse)?.into_parts();
    let mut length = 0;
    while let Some(data) = body.data().await {
        let data = data.map_err(is_parse)?;
        let _ = body.flow_control().release_capacity(data.len());
        length += data.len();
    }
    Ok(Answer {
        status: parts.status,
        version: parts.version,
        headers: parts.headers,
        length,
    })
}

impl Lost {
    /// What it means when there was no answer before.
    pub(crate) fn of_a_first_request(
        self,
        record: &Record,
        dialer: &Dialer,
        protocol: Protocol,
    ) -> Failure {
        let host = dialer.target.authority.to_string();
        let opening = record.opening();
        match self {
            Self::Ended(_) if opening.is_empty() => Failure::ClosesUnanswered { host },
            Self::Silent | Self::Unanswered if opening.is_empty() => Failure::NoAnswer {
                host,
                after: dialer.patience,
            },
            _ => Failure::NotHttp {
                host,
                protocol,
                began: quoted(&opening),
            },
        }
    }
}

/// What a server began with, for people.
fn quoted(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "it sent nothing that could be read".to_owned();
    }
    let few = bytes.get(..40).unwrap_or(bytes);
    format!("it began with \"{}\"", few.escape_ascii())
}
