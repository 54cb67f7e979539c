//! A server that does everything at the wrong moment, and says where in the stream each request began.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The header by which the server says how many bytes lay before a request on its connection.
pub(super) const START: &str = "x-start";

const REQUESTS_A_CONNECTION: usize = 40;

/// Starts the server on this runtime.
pub(super) async fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            tokio::spawn(Connection::new(stream).run());
        }
    });
    address
}

struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
    taken: usize,
}

/// A request's head, as far as the server cares.
struct Head {
    start: usize,
    path: String,
    is_chunked: bool,
    length: usize,
}

impl Connection {
    fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            unread: Vec::new(),
            taken: 0,
        }
    }

    /// `None` at any end: the client cancels and closes as it likes.
    async fn run(mut self) -> Option<()> {
        for _ in 0..REQUESTS_A_CONNECTION {
            let head = self.head().await?;
            if head.path.contains("continue") {
                self.stream
                    .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
                    .await
                    .ok()?;
            }
            if head.path.contains("early") {
                // The whole answer while the body is still on its way.
                self.answer(&head).await?;
                self.body(&head).await?;
            } else {
                self.body(&head).await?;
                self.answer(&head).await?;
            }
        }
        Some(())
    }

    async fn answer(&mut self, head: &Head) -> Option<()> {
        let body = if head.path.contains("large") {
            40_000
        } else {
            2
        };
        let start = head.start;
        let answer =
            format!("HTTP/1.1 200 OK\r\n{START}: {start}\r\ncontent-length: {body}\r\n\r\n");
        self.stream.write_all(answer.as_bytes()).await.ok()?;
        tokio::task::yield_now().await;
        self.stream.write_all(&vec![b'.'; body]).await.ok()
    }

    async fn head(&mut self) -> Option<Head> {
        let start = self.taken;
        let text = String::from_utf8(self.until(b"\r\n\r\n").await?).ok()?;
        let text = text.to_ascii_lowercase();
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        Some(Head {
            start,
            path: text.split(' ').nth(1)?.to_owned(),
            is_chunked: text.contains("transfer-encoding: chunked"),
            length: length.map_or(0, |length| length.parse().unwrap()),
        })
    }

    async fn body(&mut self, head: &Head) -> Option<()> {
        if !head.is_chunked {
            return self.take(head.length).await.map(drop);
        }
        loop {
            let size = self.until(b"\r\n").await?;
            let size = std::str::from_utf8(&size).ok()?.trim();
            let size = usize::from_str_radix(size, 16).ok()?;
            self.take(size + 2).await?;
            if size == 0 {
                return Some(());
            }
        }
    }

    async fn until(&mut self, end: &[u8]) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.unread.windows(end.len()).position(|seen| seen == end) {
                return self.take(at + end.len()).await;
            }
            self.more().await?;
        }
    }

    async fn take(&mut self, n: usize) -> Option<Vec<u8>> {
        while self.unread.len() < n {
            self.more().await?;
        }
        self.taken += n;
        Some(self.unread.drain(..n).collect())
    }

    async fn more(&mut self) -> Option<()> {
        match self.stream.read_buf(&mut self.unread).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(()),
        }
    }
}
