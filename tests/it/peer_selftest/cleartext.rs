//! Reading, answering, counting and ending in cleartext.

use std::io::{ErrorKind, Write};
use std::net::Shutdown;
use std::time::Duration;

use super::clients::{ANSWER, Ending, GET, POST_HEAD, connect, ending, exchange, read_to_end};
use crate::peer::{Peer, Script, Step, Tls};

#[test]
fn serves_a_connection_until_the_client_leaves_and_counts() {
    let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
    let mut client = connect(&peer);
    exchange(&mut client, GET);
    exchange(&mut client, GET);
    exchange(&mut client, &[POST_HEAD, b"hello"].concat());
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(ending(&mut client), Ending::Clean);
    exchange(&mut connect(&peer), GET);

    assert_eq!(peer.connections(), 2);
    assert_eq!(peer.executed("GET", "/a"), 3);
    assert_eq!(peer.executed("POST", "/a"), 1);
    assert_eq!(peer.executed("GET", "/b"), 0);
    let sent = 2 * GET.len() + POST_HEAD.len() + 5;
    assert_eq!((peer.bytes_read(0), peer.raw_bytes(0)), (sent, sent));
    assert_eq!((peer.bytes_read(1), peer.bytes_read(2)), (GET.len(), 0));
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let post = &peer.executions()[2];
    assert_eq!(
        (post.connection, &*post.method, &*post.path),
        (0, "POST", "/a")
    );
    let headers = [header("host", "localhost"), header("content-length", "5")];
    assert_eq!(post.headers, headers);
    assert_eq!(post.body, b"hello");
}

#[test]
fn chunked_bodies_are_decoded_and_read_to_the_byte() {
    let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
    let mut client = connect(&peer);
    let chunked = b"PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: t\r\n\r\n";
    exchange(&mut client, chunked);
    exchange(&mut client, GET);
    assert_eq!(peer.executions()[0].body, b"abc0123456789");
    assert_eq!(peer.executed("GET", "/a"), 1);
}

#[test]
fn an_echo_is_the_path() {
    let peer = Peer::start(Tls::Off, |_| Script::new().read_all().execute().echo());
    let mut client = connect(&peer);
    client.write_all(GET).unwrap();
    let (read, ending) = read_to_end(&mut client);
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n/a";
    assert_eq!((read.as_slice(), ending), (&answer[..], Ending::Clean));
    assert_eq!(peer.finish().len(), 1);
}

#[test]
fn head_is_answered_without_a_body() {
    let peer = Peer::start(Tls::Off, |_| Script::new().serve());
    let mut client = connect(&peer);
    client.write_all(b"HEAD / HTTP/1.1\r\n\r\n").unwrap();
    let (read, ending) = read_to_end(&mut client);
    assert_eq!(
        (read.as_slice(), ending),
        (&ANSWER[..ANSWER.len() - 2], Ending::Clean)
    );
}

#[test]
fn raw_bytes_are_sent_as_given() {
    let peer = Peer::start(Tls::Off, |_| {
        let script = Script::new()
            .set_no_delay(false)
            .read_all()
            .send("HTTP/1.1 100 Continue\r\n\r\n");
        script.send_split(["HTTP/1.", "1 2"]).send(vec![0, 255])
    });
    let mut client = connect(&peer);
    client.write_all(GET).unwrap();
    let (read, ending) = read_to_end(&mut client);
    assert_eq!(read, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 2\x00\xff");
    assert_eq!(ending, Ending::Clean);
}

#[test]
fn fin_is_the_end_for_the_client_while_the_peer_reads_on() {
    let peer = Peer::start(Tls::Off, |_| {
        Script::new().serve().fin().discard().signal("gone")
    });
    let mut client = connect(&peer);
    exchange(&mut client, GET);
    assert_eq!(ending(&mut client), Ending::Clean);
    client.write_all(GET).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    peer.reached("gone");
    assert_eq!(peer.bytes_read(0), 2 * GET.len());
    assert_eq!(peer.executed("GET", "/a"), 1);
    assert_eq!(ending(&mut client), Ending::Clean, "no reset");
}

#[test]
fn close_with_all_bytes_read_is_a_fin() {
    let peer = Peer::start(Tls::Off, |_| Script::new().serve().close());
    let mut client = connect(&peer);
    exchange(&mut client, GET);
    assert_eq!(ending(&mut client), Ending::Clean);
}

#[test]
fn close_resets_what_comes_later() {
    let peer = Peer::start(Tls::Off, |_| Script::new().serve().close());
    let mut client = connect(&peer);
    exchange(&mut client, GET);
    assert_eq!(ending(&mut client), Ending::Clean);
    // In CLOSE_WAIT Linux tells a RST as EPIPE, and to writers only: reads go on to say end of stream.
    client.write_all(GET).unwrap();
    assert_eq!(client.write(GET).unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn close_at_the_first_unread_byte_is_a_reset() {
    let peer = Peer::start(Tls::Off, |_| {
        Script::new().serve().wait_first_byte().close()
    });
    let mut client = connect(&peer);
    exchange(&mut client, GET);
    client.write_all(GET).unwrap();
    assert_eq!(ending(&mut client), Ending::Reset);
    assert_eq!(peer.bytes_read(0), GET.len());
}

#[test]
fn a_body_behind_the_head_stays_unread() {
    let peer = Peer::start(Tls::Off, |_| Script::new().wait("sent").read_head().close());
    let mut client = connect(&peer);
    client.write_all(&[POST_HEAD, b"hello"].concat()).unwrap();
    peer.go("sent");
    assert_eq!(ending(&mut client), Ending::Reset);
    assert_eq!(peer.bytes_read(0), POST_HEAD.len());
}

#[test]
fn parts_of_a_request_are_read_to_the_byte_and_add_up() {
    let peer = Peer::start(Tls::Off, |_| {
        let script = Script::new()
            .read_some(3)
            .read_head()
            .read_body(1)
            .execute();
        script
            .signal("part")
            .wait("rest")
            .read_body(100)
            .execute()
            .answer()
    });
    let mut client = connect(&peer);
    client.write_all(&[POST_HEAD, b"hello"].concat()).unwrap();
    peer.reached("part");
    assert_eq!(peer.bytes_read(0), POST_HEAD.len() + 1);
    peer.go("rest");
    assert_eq!(read_to_end(&mut client), (ANSWER.to_vec(), Ending::Clean));
    assert_eq!(peer.executed("POST", "/a"), 2);
    let bodies: Vec<_> = peer
        .executions()
        .into_iter()
        .map(|execution| execution.body)
        .collect();
    assert_eq!(bodies, [b"h".to_vec(), b"hello".to_vec()]);
}

#[test]
fn rst_resets_with_nothing_unread() {
    let peer = Peer::start(Tls::Off, |_| {
        Script::new().serve().read_all().execute().rst()
    });
    let mut client = connect(&peer);
    exchange(&mut client, GET);
    client.write_all(GET).unwrap();
    assert_eq!(ending(&mut client), Ending::Reset);
    assert_eq!(peer.executed("GET", "/a"), 2);
}

#[test]
fn a_client_that_leaves_ends_the_script() {
    let peer = Peer::start(Tls::Off, |_| {
        Script::from(vec![
            Step::ReadSome(GET.len() + 1),
            Step::Signal("never"),
            Step::Rst,
        ])
    });
    let mut client = connect(&peer);
    client.write_all(GET).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(
        ending(&mut client),
        Ending::Clean,
        "a plain close, not the reset that stands later"
    );
}

#[test]
fn pauses_take_their_time() {
    let peer = Peer::start(Tls::Off, |_| {
        Script::new()
            .serve()
            .pause(Duration::from_millis(200))
            .fin()
            .stall()
    });
    let mut client = connect(&peer);
    exchange(&mut client, GET);
    let answered = tokio::time::Instant::now();
    assert_eq!(ending(&mut client), Ending::Clean);
    assert!(answered.elapsed() >= Duration::from_millis(150));
}
