//! By a proxy that opens tunnels: TLS to the origin goes through it, and so do the ends of connections.

use std::io::{Read, Write, copy};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use unstale::{Attempts, Client};

use super::setup::{current_thread, get, https, on_both, post, read, soon, until_idle};
use crate::client::pooled;
use crate::kernel;
use crate::peer::{Peer, Script, Tls};

/// Opens a tunnel to wherever it is told, or says what it is to say instead. On threads: a test blocks its runtime.
struct Proxy {
    addr: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start(refusal: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        thread::spawn({
            let heads = Arc::clone(&heads);
            move || {
                for client in listener.incoming() {
                    let heads = Arc::clone(&heads);
                    thread::spawn(move || serve(client.unwrap(), &heads, refusal));
                }
            }
        });
        Self { addr, heads }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn serve(mut client: TcpStream, heads: &Mutex<Vec<String>>, refusal: Option<&str>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if client.read(&mut byte).unwrap() == 0 {
            return;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let target = head.split(' ').nth(1).unwrap().to_owned();
    heads.lock().unwrap().push(head);
    if let Some(refusal) = refusal {
        return client.write_all(refusal.as_bytes()).unwrap();
    }
    let origin = TcpStream::connect(target).unwrap();
    client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").unwrap();
    let there = relay(client.try_clone().unwrap(), origin.try_clone().unwrap());
    let back = relay(origin, client);
    there.join().unwrap();
    back.join().unwrap();
}

/// Passes on what is said, and that there is no more.
fn relay(mut from: TcpStream, mut to: TcpStream) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let _ = copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    })
}

fn by(proxy: &Proxy, origin: &Peer) -> Client {
    let url = format!("http://user:pass@{}", proxy.addr);
    pooled(origin).proxy(&url).build().unwrap()
}

const TLS: Tls = Tls::V13 { close_notify: true };

#[test]
fn a_tunnel_is_opened_once_and_the_authorization_stays_with_the_proxy() {
    on_both(async || {
        let (proxy, origin) = (
            Proxy::start(None),
            Peer::start(TLS, |_| Script::serve_forever()),
        );
        let client = by(&proxy, &origin);
        for path in ["/x", "/y"] {
            let url = https(&origin, path);
            assert_eq!(soon(get(&client, url)).await.unwrap(), "ok");
            until_idle(&client, 1).await;
        }
        let heads = proxy.heads();
        assert_eq!(heads.len(), 1, "{heads:?}");
        let head = heads[0].to_ascii_lowercase();
        assert!(head.starts_with(&format!("connect {} http/1.1\r\n", origin.addr())));
        let authorization = "proxy-authorization: basic dxnlcjpwyxnz\r\n";
        assert!(head.contains(authorization), "{head}");
        for execution in origin.executions() {
            assert!(execution.path.starts_with('/'), "{execution:?}");
            let mut names = execution.headers.iter().map(|(name, _)| name);
            assert!(!names.any(|name| name == "proxy-authorization"));
        }
    });
}

#[test]
fn a_post_finds_out_that_a_tunnel_is_dead_before_it_is_sent() {
    for close_notify in [true, false] {
        current_thread().block_on(async {
            let end = Script::new().serve().wait("end").close();
            let origin = Peer::start(Tls::V13 { close_notify }, move |n| match n {
                0 => end.clone(),
                _ => Script::serve_forever(),
            });
            let proxy = Proxy::start(None);
            let client = by(&proxy, &origin);
            let first = soon(get(&client, https(&origin, "/x"))).await;
            assert_eq!(first.unwrap(), "ok");
            until_idle(&client, 1).await;
            origin.go("end");
            let is_dead = || kernel::established(proxy.addr) == 0;
            kernel::block_until("the proxy has passed it on", is_dead);
            let pay = soon(client.request(post(https(&origin, "/pay")))).await;
            let answer = pay.unwrap();
            assert!(Attempts::of(&answer).is_empty(), "not a byte was sent");
            assert_eq!(read(answer).await, "ok");
            assert_eq!(origin.executed("POST", "/pay"), 1);
            assert_eq!(client.counters().refused_at_gate(), 1);
        });
    }
}

#[test]
fn a_proxy_that_opens_no_tunnel_is_an_error_that_says_so() {
    on_both(async || {
        let origin = Peer::start(TLS, |_| Script::serve_forever());
        let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
        let client = by(&Proxy::start(Some(refusal)), &origin);
        let error = soon(client.request(post(https(&origin, "/pay")))).await;
        let error = error.unwrap_err();
        assert!(error.is_connect(), "{error}");
        let words = super::setup::chain(&error);
        assert!(words.contains("proxy authorization required"), "{words}");
        assert_eq!(origin.connections(), 0);
    });
}
