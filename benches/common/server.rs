//! The server that all contestants speak to, in a process of its own.
//!
//! Small and the same for everybody: it answers `200` with two bytes. What the path asks for beyond that is in [`Ask`].
//! Invariant: it ends when the process that started it ends, as it reads its orders from there.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::process::{self, Partner};
use super::{Outcome, runtime};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const LAST_ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";

const AWAKE: &str = "awake";

/// How long after its last answer a connection is closed: one that was not announced to be is idle to the client by then,
/// and no close competes with the answer for the processor.
const BEFORE_CLOSE: Duration = Duration::from_millis(1);

/// Where it listens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Listen {
    /// On `127.0.0.1`.
    One,
    /// On `127.0.0.1`, and it never sleeps. To wake one that has nothing to do costs whoever sends to it, on a virtual machine a
    /// fifth of a request, and the more the faster they are.
    Awake,
    /// On every address of the loopback, so that clients see many hosts. Anybody else is turned away.
    AllOfLoopback,
}

/// The server as seen from the process that started it.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    process: Partner,
}

impl Server {
    pub(crate) fn start(listen: Listen) -> Outcome<Self> {
        let address = match listen {
            Listen::One | Listen::Awake => Ipv4Addr::LOCALHOST,
            Listen::AllOfLoopback => Ipv4Addr::UNSPECIFIED,
        };
        let mut arguments = vec![address.to_string()];
        if matches!(listen, Listen::Awake) {
            arguments.push(AWAKE.to_owned());
        }
        let mut process = Partner::start(process::SERVER, &arguments)?;
        let port = process.hear()?.parse()?;
        Ok(Self {
            address: (Ipv4Addr::LOCALHOST, port).into(),
            process,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections it has accepted so far.
    pub(crate) fn accepted(&mut self) -> Outcome<usize> {
        Ok(self.process.ask("accepted")?.parse()?)
    }
}

/// What a path asks for.
enum Ask {
    /// An answer.
    Answer,
    /// `/close`: an answer that says that it is the last one.
    SayAndClose,
    /// `/drop`: an answer, and the connection is closed without a word.
    Drop,
    /// `/gather/N`: no answer before `N` such requests wait for one, so that there are `N` connections.
    Gather(usize),
}

impl Ask {
    fn of(request: &[u8]) -> Self {
        let path = request.split(|&byte| byte == b' ').nth(1);
        let path = path.map(String::from_utf8_lossy).unwrap_or_default();
        match path.strip_prefix("/gather/").map(str::parse) {
            Some(Ok(count)) => Self::Gather(count),
            _ if path == "/close" => Self::SayAndClose,
            _ if path == "/drop" => Self::Drop,
            _ => Self::Answer,
        }
    }
}

/// How many requests wait to be gathered, and how often so many were.
#[derive(Default)]
struct Gathered {
    waiting: usize,
    rounds: usize,
}

type Gathering = Arc<watch::Sender<Gathered>>;

/// The server's part of this binary; returns when it fails, and else never.
pub(crate) fn serve(arguments: &[String]) -> Outcome<()> {
    let address: IpAddr = arguments.first().ok_or("no address")?.parse()?;
    runtime::current_thread()?.block_on(async {
        // The kernel's default backlog is too short for many connections at once.
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind((address, 0).into())?;
        let listener = socket.listen(16_384)?;
        println!("{}", listener.local_addr()?.port());
        let accepted = Arc::new(AtomicUsize::new(0));
        follow_orders(Arc::clone(&accepted));
        if arguments.iter().any(|argument| argument == AWAKE) {
            tokio::spawn(stay_awake());
        }
        accept(&listener, &accepted).await
    })
}

/// The runtime asks again and again what there is to do, and does not wait for it.
async fn stay_awake() {
    loop {
        tokio::task::yield_now().await;
    }
}

/// Ends the process with the stream of orders.
fn follow_orders(accepted: Arc<AtomicUsize>) {
    std::thread::spawn(move || {
        for _order in io::stdin().lines().map_while(Result::ok) {
            println!("{}", accepted.load(Ordering::SeqCst));
        }
        std::process::exit(0);
    });
}

async fn accept(listener: &TcpListener, accepted: &AtomicUsize) -> Outcome<()> {
    let gathering = Arc::new(watch::Sender::new(Gathered::default()));
    loop {
        let (stream, peer) = listener.accept().await?;
        if peer.ip().is_loopback() {
            accepted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(converse(stream, Arc::clone(&gathering)));
        }
    }
}

async fn converse(mut stream: TcpStream, gathering: Gathering) -> io::Result<()> {
    let mut request = Vec::with_capacity(1024);
    loop {
        request.clear();
        while !request.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
        }
        match Ask::of(&request) {
            Ask::Answer => stream.write_all(ANSWER).await?,
            Ask::SayAndClose => return answer_and_close(&mut stream, LAST_ANSWER).await,
            Ask::Drop => return answer_and_close(&mut stream, ANSWER).await,
            Ask::Gather(count) => {
                gather(&gathering, count).await;
                stream.write_all(ANSWER).await?;
            }
        }
    }
}

async fn answer_and_close(stream: &mut TcpStream, answer: &[u8]) -> io::Result<()> {
    stream.write_all(answer).await?;
    tokio::time::sleep(BEFORE_CLOSE).await;
    Ok(())
}

/// Waits until `count` wait here.
async fn gather(gathering: &Gathering, count: usize) {
    let mut round = 0;
    gathering.send_modify(|gathered| {
        round = gathered.rounds;
        gathered.waiting += 1;
        if gathered.waiting >= count {
            *gathered = Gathered {
                waiting: 0,
                rounds: round + 1,
            };
        }
    });
    let mut gathered = gathering.subscribe();
    // The sender lives as long as this connection's own handle.
    let _ = gathered.wait_for(|now| now.rounds > round).await;
}
