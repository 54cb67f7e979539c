//! One connection to the server, on which every byte and every end is noted with its time.
//!
//! ```text
//! connection ─▶ Tap ─▶ (TLS) ─▶ socket
//!                └── Record ──────┘  a duplicate of the descriptor: the kernel is asked after hyper has let go
//! ```
//!
//! Apart from what is spoken over it. Invariant: all connections of a probe go to one address of the host, so that all of
//! them are about one server.

mod frames;
mod record;
mod tap;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

pub(crate) use self::frames::GoAway;
pub(crate) use self::record::{End, How, Record};
pub(crate) use self::tap::Tap;
pub(crate) use self::tls::Roots;

use crate::connection::Protocol;
use crate::failure::Failure;
use crate::target::Target;

/// What bytes are read from and written to.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Opens connections to the server, always to the same address.
#[derive(Debug)]
pub(crate) struct Dialer {
    pub(crate) target: Target,
    pub(crate) patience: Duration,
    addr: SocketAddr,
    roots: Roots,
    /// The connection by which the address was found, for whoever wants one first.
    found: Mutex<Option<TcpStream>>,
}

/// A connection, and what the TLS handshake came out with.
pub(crate) struct Line {
    pub(crate) io: Tap,
    pub(crate) record: Arc<Record>,
    pub(crate) chosen: Option<Protocol>,
}

impl Dialer {
    /// Looks the host up, and takes the first of its addresses that accepts a connection.
    pub(crate) async fn find(
        target: Target,
        patience: Duration,
        roots: Roots,
    ) -> Result<Self, Failure> {
        let looking = lookup_host((target.host(), target.port()));
        let addrs = timeout(patience, looking).await;
        let addrs =
            addrs.unwrap_or_else(|_| Err(io::Error::other("no answer to the look-up of its name")));
        let addrs: Vec<_> = addrs
            .map_err(|error| unreachable(&target, &error))?
            .collect();
        let mut last = io::Error::other("it has no address");
        for addr in addrs {
            match connect(addr, patience).await {
                Ok(tcp) => {
                    return Ok(Self {
                        target,
                        patience,
                        addr,
                        roots,
                        found: Mutex::new(Some(tcp)),
                    });
                }
                Err(error) => last = error,
            }
        }
        Err(unreachable(&target, &last))
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Opens one; over TLS these protocols are offered.
    pub(crate) async fn open(&self, offer: &[Protocol]) -> Result<Line, Failure> {
        let found = self
            .found
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let tcp = match found {
            Some(tcp) => Ok(tcp),
            None => connect(self.addr, self.patience).await,
        };
        let tcp = tcp.map_err(|error| unreachable(&self.target, &error))?;
        let record = Record::of(&tcp, self.target.is_tls)
            .map_err(|error| unreachable(&self.target, &error))?;
        let record = Arc::new(record);
        if !self.target.is_tls {
            return Ok(Line {
                io: Tap::new(tcp, Arc::clone(&record)),
                record,
                chosen: None,
            });
        }
        let failed = |why| Failure::Tls {
            host: self.target.authority.to_string(),
            why,
        };
        let handshake = self.roots.handshake(self.target.host(), tcp, offer);
        let (io, chosen) = timeout(self.patience, handshake)
            .await
            .unwrap_or_else(|_| Err("no answer to the handshake".to_owned()))
            .map_err(failed)?;
        Ok(Line {
            io: Tap::new(io, Arc::clone(&record)),
            record,
            chosen,
        })
    }
}

async fn connect(addr: SocketAddr, patience: Duration) -> io::Result<TcpStream> {
    let late = |_| Err(io::ErrorKind::TimedOut.into());
    let connecting = timeout(patience, TcpStream::connect(addr));
    let tcp = connecting.await.unwrap_or_else(late)?;
    tcp.set_nodelay(true)?;
    Ok(tcp)
}

fn unreachable(target: &Target, error: &io::Error) -> Failure {
    let why = match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::TimedOut => "no answer to the connect".to_owned(),
        _ => error.to_string(),
    };
    Failure::Unreachable {
        host: target.authority.to_string(),
        why,
    }
}
