//! A server in a thread, for examples that need one: it answers with the request's first line, and closes idle
//! connections soon.
//!
//! The second POST on a connection it leaves without an answer, as a server does that dies at the wrong moment. An `/order`
//! it answers with the way to its `/receipt`, and a receipt it leaves without an answer where it is not the first on a
//! connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::Duration;

/// How long it keeps an idle connection.
pub(crate) const IDLE: Duration = Duration::from_millis(50);

/// Starts it; it ends with the process. Returns where it listens.
#[allow(dead_code, reason = "one example has a socket of another kind")]
pub(crate) fn start() -> io::Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || {
                stream.set_read_timeout(Some(IDLE))?;
                serve(stream.try_clone()?, stream)
            });
        }
    });
    Ok(format!("http://{address}"))
}

/// The same on a Unix socket.
#[cfg(unix)]
#[allow(dead_code, reason = "one example needs it")]
pub(crate) fn start_at(path: &std::path::Path) -> io::Result<()> {
    let listener = std::os::unix::net::UnixListener::bind(path)?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || {
                stream.set_read_timeout(Some(IDLE))?;
                serve(stream.try_clone()?, stream)
            });
        }
    });
    Ok(())
}

/// Keeps the runtime busy until the server has closed what is idle: the kernel knows of it then, the runtime does not.
#[expect(
    clippy::disallowed_methods,
    reason = "stands for work that keeps the runtime from asking the kernel"
)]
#[allow(dead_code, reason = "not every example needs it")]
pub(crate) fn outlast_idle_timeout() {
    thread::sleep(IDLE * 3);
}

fn serve(requests: impl Read, mut answers: impl Write) -> io::Result<()> {
    let mut requests = BufReader::new(requests);
    for n in 0.. {
        let Some(first_line) = read_request(&mut requests)? else {
            break;
        };
        println!("    server: {first_line}");
        if n > 0 && (first_line.starts_with("POST") || first_line.contains(" /receipt ")) {
            break;
        }
        let head = match first_line.split(' ').nth(1) {
            Some("/order") => "303 See Other\r\nlocation: /receipt",
            _ => "200 OK",
        };
        let length = first_line.len();
        write!(
            answers,
            "HTTP/1.1 {head}\r\ncontent-length: {length}\r\n\r\n{first_line}"
        )?;
    }
    Ok(())
}

/// Reads a request with its body, and gives its first line; `None` at the end of the stream.
fn read_request(requests: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut first_line = String::new();
    if requests.read_line(&mut first_line)? == 0 {
        return Ok(None);
    }
    let mut length = 0;
    loop {
        let mut header = String::new();
        requests.read_line(&mut header)?;
        match header.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().unwrap_or(0);
            }
            Some(_) => {}
            None => break,
        }
    }
    requests.take(length).read_to_end(&mut Vec::new())?;
    Ok(Some(first_line.trim_end().to_owned()))
}
