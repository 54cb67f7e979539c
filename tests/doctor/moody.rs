//! A server that looks at its clock when a request comes, and not before: what idle age does to it is then up to it.
//!
//! Apart from the scripted peer, whose scripts know nothing of time that has passed. Invariant: it counts what it is asked.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const LAST: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
const TIMEOUT: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// What happens to a connection that has been idle for too long.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Then {
    /// It is closed when a request comes.
    Close,
    /// It is reset when a request comes.
    Reset,
    /// A request is answered 408.
    Says408,
    /// From then on nothing that arrives is heard, as if a firewall had forgotten the connection.
    Forget,
}

/// How the server is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mood {
    pub(crate) idle: Duration,
    pub(crate) then: Then,
    /// After so many requests a connection is closed; the last answer says so.
    pub(crate) requests: usize,
}

/// What was asked of it.
#[derive(Debug, Default)]
pub(crate) struct Count {
    connections: AtomicUsize,
    open: AtomicUsize,
    at_once: AtomicUsize,
    requests: AtomicUsize,
}

impl Count {
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }

    pub(crate) fn at_once(&self) -> usize {
        self.at_once.load(SeqCst)
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(SeqCst)
    }
}

/// Starts one on this runtime, with which it ends.
pub(crate) async fn start(mood: Mood) -> (SocketAddr, Arc<Count>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let count = Arc::new(Count::default());
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let count = Arc::clone(&counted);
            tokio::spawn(async move {
                count.connections.fetch_add(1, SeqCst);
                let open = count.open.fetch_add(1, SeqCst) + 1;
                count.at_once.fetch_max(open, SeqCst);
                let _ = serve(stream, mood, &count).await;
                count.open.fetch_sub(1, SeqCst);
            });
        }
    });
    (addr, count)
}

async fn serve(mut stream: TcpStream, mood: Mood, count: &Count) -> std::io::Result<()> {
    let mut since: Option<Instant> = None;
    for n in 1.. {
        if let (Some(since), Then::Forget) = (since, mood.then) {
            tokio::select! {
                readable = stream.readable() => readable?,
                () = sleep((since + mood.idle).duration_since(Instant::now())) => {
                    forget(&stream)?;
                    std::future::pending::<()>().await;
                }
            }
        }
        if !read_head(&mut stream).await? {
            return Ok(());
        }
        count.requests.fetch_add(1, SeqCst);
        let is_too_old = since.is_some_and(|since| since.elapsed() > mood.idle);
        match mood.then {
            Then::Close if is_too_old => return Ok(()),
            Then::Reset if is_too_old => {
                return SockRef::from(&stream).set_linger(Some(Duration::ZERO));
            }
            Then::Says408 if is_too_old => return stream.write_all(TIMEOUT).await,
            _ if n == mood.requests => return stream.write_all(LAST).await,
            _ => stream.write_all(ANSWER).await?,
        }
        since = Some(Instant::now());
    }
    Ok(())
}

/// To the empty line; `false` at the end of the stream.
async fn read_head(stream: &mut TcpStream) -> std::io::Result<bool> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// From now on its kernel drops, unheard and without a word, all that arrives.
fn forget(stream: &TcpStream) -> std::io::Result<()> {
    const RETURN: u16 = 0x06;
    let drop_all = [socket2::SockFilter::new(RETURN, 0, 0, 0)];
    SockRef::from(stream).attach_filter(&drop_all)
}
