//! A server that closes idle connections, and counts how often it executed what.
//!
//! It runs on a thread of its own, so that it closes connections while the client's runtime is busy.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// What the server does with a connection whose idle timeout has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// `close()`: a FIN; whatever arrives after it is answered by a RST. nginx, `HAProxy`, Node.js and Go do this.
    Close,
    /// A RST at once.
    Reset,
    /// `shutdown(WR)`: a FIN, then it reads on for a while and throws away what comes. Apache does this.
    HalfClose,
    /// It executes one more request, and closes without an answer: a crash, which looks like a timeout to a client.
    Crash,
}

/// How long a half-closed connection is read from; Apache takes two seconds.
const LINGER: Duration = Duration::from_millis(500);

type Executed = Arc<Mutex<HashMap<String, usize>>>;
type Expiries = Arc<Mutex<HashMap<SocketAddr, oneshot::Sender<mpsc::Sender<()>>>>>;

/// A running server; it ends with the process.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    executed: Executed,
    expiries: Expiries,
}

impl Server {
    /// Starts a server that keeps idle connections for `idle`, and then does with them as its manner is.
    pub(crate) fn start(manner: Manner, idle: Duration) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let server = Self {
            address: listener.local_addr()?,
            executed: Executed::default(),
            expiries: Expiries::default(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let accepting = server.clone();
        thread::spawn(move || runtime.block_on(accepting.accept(listener, manner, idle)));
        Ok(server)
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many of the requests that begin with `method` were executed more than once.
    pub(crate) fn executed_twice(&self, method: &str) -> usize {
        lock(&self.executed)
            .iter()
            .filter(|(request, times)| request.starts_with(method) && **times > 1)
            .count()
    }

    /// The idle timeout of the connection from `client` passes now. Returns when the server has acted on it.
    pub(crate) fn expire(&self, client: SocketAddr) {
        let (done, wait) = mpsc::channel();
        let expiry = lock(&self.expiries).remove(&client);
        if expiry.is_some_and(|expiry| expiry.send(done).is_ok()) {
            // An error: the connection ended in another way, and `done` was dropped with it.
            let _ = wait.recv();
        }
    }

    async fn accept(self, listener: std::net::TcpListener, manner: Manner, idle: Duration) {
        let Ok(listener) = TcpListener::from_std(listener) else {
            return;
        };
        while let Ok((stream, client)) = listener.accept().await {
            let (expiry, expired) = oneshot::channel();
            lock(&self.expiries).insert(client, expiry);
            let executed = Arc::clone(&self.executed);
            tokio::spawn(async move {
                // A connection that fails is the client's to talk about.
                let _ = serve(stream, manner, idle, expired, executed).await;
            });
        }
    }
}

async fn serve(
    mut stream: TcpStream,
    manner: Manner,
    idle: Duration,
    expired: oneshot::Receiver<mpsc::Sender<()>>,
    executed: Executed,
) -> io::Result<()> {
    let done = tokio::select! {
        failed = answer(&mut stream, idle, &executed) => failed?,
        done = expired => done.ok(),
    };
    let rest = end(stream, manner)?;
    if let Some(done) = done {
        let _ = done.send(());
    }
    match rest {
        Some(mut stream) if manner == Manner::Crash => {
            execute(&mut stream, &executed).await?;
        }
        Some(stream) => discard(stream).await?,
        None => {}
    }
    Ok(())
}

/// Answers requests until the connection has been idle for too long.
async fn answer(
    stream: &mut TcpStream,
    idle: Duration,
    executed: &Executed,
) -> io::Result<Option<mpsc::Sender<()>>> {
    while let Ok(done) = timeout(idle, execute(stream, executed)).await {
        done?;
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
        stream.write_all(answer).await?;
    }
    Ok(None)
}

/// Does with an idle connection as the manner is; gives it back if it is still read from.
fn end(stream: TcpStream, manner: Manner) -> io::Result<Option<TcpStream>> {
    match manner {
        Manner::Close => Ok(None),
        Manner::Reset => {
            SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
            Ok(None)
        }
        Manner::HalfClose => {
            SockRef::from(&stream).shutdown(std::net::Shutdown::Write)?;
            Ok(Some(stream))
        }
        Manner::Crash => Ok(Some(stream)),
    }
}

/// Reads and throws away what comes, for as long as the server lingers.
async fn discard(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    let reading = async {
        while stream.read(&mut buffer).await? > 0 {}
        Ok(())
    };
    timeout(LINGER, reading).await.unwrap_or(Ok(()))
}

/// Reads one request and executes it, which is to count it.
async fn execute(stream: &mut TcpStream, executed: &Executed) -> io::Result<()> {
    let mut received = Vec::new();
    loop {
        if let Some(request) = whole_request(&received) {
            *lock(executed).entry(request).or_default() += 1;
            return Ok(());
        }
        if stream.read_buf(&mut received).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// The method and path of a request, once it is there to the last byte of its body.
fn whole_request(received: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(received).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let (first, headers) = head.split_once("\r\n")?;
    let length = headers
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(Some(0), |(_, length)| length.parse().ok())?;
    let (request, _version) = first.rsplit_once(' ')?;
    (body.len() >= length).then(|| request.to_owned())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
