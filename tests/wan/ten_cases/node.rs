//! Node.js whose program half-closes idle connections, as programs do that want to stop gracefully.
//!
//! Apart from the servers of `tests/real_servers` because it is told when: a line with the client's port on its standard input
//! calls `socket.end()`. What is executed is told on its standard output. It ends with its input, and so with the process.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use rustls::pki_types::CertificateDer;
use tokio::sync::Notify;

use crate::lab::Link;
use crate::peer::Tls;

const SCRIPT: &str = r"
const sockets = new Map();
const answer = (request, response) => {
    if (request.method === 'POST') console.log(`executed ${request.url}`);
    request.resume().on('end', () => response.end(String(request.socket.remotePort)));
};
const known = (socket) => {
    const port = String(socket.remotePort);
    sockets.set(port, socket);
    socket.on('close', () => sockets.delete(port)).on('error', () => {});
};
const { ADDRESS: address, CERT: cert, KEY: key } = process.env;
const servers = [
    require('http').createServer({ keepAliveTimeout: 0 }, answer).on('connection', known),
    require('https').createServer({ keepAliveTimeout: 0, cert, key }, answer).on('secureConnection', known),
];
let open = 0;
for (const server of servers) {
    server.listen(0, address, () => {
        if (++open === servers.length) console.log(`listening ${servers.map((one) => one.address().port).join(' ')}`);
    });
}
require('readline').createInterface({ input: process.stdin })
    .on('line', (port) => {
        sockets.get(port)?.end();
        console.log(`ended ${port}`);
    })
    .on('close', () => process.exit());
";

#[derive(Debug)]
pub struct Node {
    child: Child,
    input: Option<Mutex<ChildStdin>>,
    reader: Option<JoinHandle<()>>,
    ports: [SocketAddr; 2],
    certificate: CertificateDer<'static>,
    told: Arc<Told>,
    plays: AtomicU32,
}

/// What it has told so far.
#[derive(Debug, Default)]
struct Told {
    lines: Mutex<HashMap<String, usize>>,
    more: Notify,
}

impl Told {
    fn hear(&self, line: String, listening: &mpsc::Sender<String>) {
        if let Some(ports) = line.strip_prefix("listening ") {
            listening.send(ports.to_owned()).unwrap();
        }
        *self.lines.lock().unwrap().entry(line).or_default() += 1;
        self.more.notify_waiters();
    }

    fn times(&self, line: &str) -> usize {
        self.lines
            .lock()
            .unwrap()
            .get(line)
            .copied()
            .unwrap_or_default()
    }
}

impl Node {
    /// Starts it inside.
    ///
    /// # Panics
    ///
    /// If it is not installed, or does not listen.
    pub fn start(link: &Link) -> Self {
        let address = link.address();
        let made = rcgen::generate_simple_self_signed([address.to_string()]).unwrap();
        let mut command = Command::new("node");
        command
            .args(["-e", SCRIPT])
            .env("ADDRESS", address.to_string())
            .env("CERT", made.cert.pem())
            .env("KEY", made.signing_key.serialize_pem())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let spawned = link.inside(|| command.spawn());
        let mut child = spawned.expect("this test needs node (Debian: apt-get install nodejs)");
        let told = Arc::<Told>::default();
        let (sender, listening) = mpsc::channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        let reader = thread::spawn({
            let told = Arc::clone(&told);
            move || {
                for line in output.lines().map_while(Result::ok) {
                    told.hear(line, &sender);
                }
            }
        });
        let ports = listening.recv().expect("node listens");
        let ports: Vec<u16> = ports.split(' ').map(|port| port.parse().unwrap()).collect();
        Self {
            input: child.stdin.take().map(Mutex::new),
            child,
            reader: Some(reader),
            ports: [ports[0], ports[1]].map(|port| (address, port).into()),
            certificate: made.cert.der().clone(),
            told,
            plays: AtomicU32::new(0),
        }
    }

    pub fn certificate(&self) -> CertificateDer<'static> {
        self.certificate.clone()
    }

    pub fn url(&self, tls: Tls) -> String {
        let [cleartext, encrypted] = self.ports;
        let addr = if tls == Tls::Off {
            cleartext
        } else {
            encrypted
        };
        format!("{}://{addr}", tls.scheme())
    }

    /// A path that nobody has asked for yet.
    pub fn new_path(&self) -> String {
        format!("/play/{}", self.plays.fetch_add(1, Ordering::Relaxed))
    }

    /// How often a POST to this path was executed.
    pub fn executed(&self, path: &str) -> usize {
        self.told.times(&format!("executed {path}"))
    }

    /// Lets it end the connection with the client of this port, and returns when it has.
    pub async fn end(&self, port: &str) {
        let ended = format!("ended {port}");
        let before = self.told.times(&ended);
        let input = self.input.as_ref().expect("it runs");
        writeln!(input.lock().unwrap(), "{port}").unwrap();
        loop {
            let more = self.told.more.notified();
            tokio::pin!(more);
            more.as_mut().enable();
            if self.told.times(&ended) > before {
                return;
            }
            more.await;
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
        let _ = self.reader.take().map(JoinHandle::join);
    }
}
