//! What is on the wire, octet by octet, for a client that is no library.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::peer_h2::{Code, Frame, Peer2, Script2, Stream, Tls};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
const SETTINGS_ACK: &[u8] = &[0, 0, 0, 4, 1, 0, 0, 0, 0];
const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0pingpong";
const PING_ACK: &[u8] = b"\0\0\x08\x06\x01\0\0\0\0pingpong";
/// `GET http /` on stream 1, whole.
const GET: &[u8] = &[0, 0, 3, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84];
/// The same with a priority and padding, torn into CONTINUATION.
const TORN_GET: &[u8] = &[
    0, 0, 10, 1, 0x29, 0, 0, 0, 3, 2, 0, 0, 0, 0, 9, 0x82, 0x86, 0, 0, //
    0, 0, 1, 9, 4, 0, 0, 0, 3, 0x84,
];
const ANSWER: &[u8] = b"\0\0\x01\x01\x04\0\0\0\x01\x88\0\0\x02\0\x01\0\0\0\x01ok";

fn connect(peer: &Peer2) -> TcpStream {
    let stream = TcpStream::connect(peer.addr()).unwrap();
    let patience = Some(Duration::from_secs(10));
    stream.set_read_timeout(patience).unwrap();
    stream
}

fn expect(stream: &mut TcpStream, expected: &[&[u8]]) {
    let expected = expected.concat();
    let mut read = vec![0; expected.len()];
    stream.read_exact(&mut read).unwrap();
    assert_eq!(read, expected);
}

fn expect_nothing(stream: &mut TcpStream) {
    let moment = Some(Duration::from_millis(100));
    stream.set_read_timeout(moment).unwrap();
    let read = stream.read(&mut [0]).map_err(|e| e.kind());
    assert_eq!(read, Err(ErrorKind::WouldBlock));
}

#[test]
fn settings_and_pings_are_acknowledged_and_requests_answered() {
    let peer = Peer2::start(Tls::Off, |_| Script2::new().serve_forever());
    let mut client = connect(&peer);
    expect(&mut client, &[SETTINGS]);
    client
        .write_all(&[PREFACE, SETTINGS, PING, GET].concat())
        .unwrap();
    expect(&mut client, &[SETTINGS_ACK, PING_ACK, ANSWER]);
    client.write_all(TORN_GET).unwrap();
    let mut answer = ANSWER.to_vec();
    (answer[8], answer[18]) = (3, 3);
    expect(&mut client, &[&answer]);
    assert_eq!(peer.executed("GET", "/"), 2);
    let sent = [PREFACE, SETTINGS, PING, GET, TORN_GET].concat();
    assert_eq!(peer.bytes_read(0), sent.len());
}

#[test]
fn pings_are_ignored_if_told_to() {
    let peer = Peer2::start(Tls::Off, |_| Script2::new().ack_pings(false).read_forever());
    let mut client = connect(&peer);
    client
        .write_all(&[PREFACE, PING, SETTINGS, GET].concat())
        .unwrap();
    expect(&mut client, &[SETTINGS, SETTINGS_ACK]);
    expect_nothing(&mut client);
    assert_eq!(peer.executions(), []);
}

#[test]
fn a_silent_peer_reads_nothing() {
    let peer = Peer2::start(Tls::Off, |_| Script2::bare().stall());
    let mut client = connect(&peer);
    client.write_all(&[PREFACE, SETTINGS].concat()).unwrap();
    expect_nothing(&mut client);
    assert_eq!(peer.bytes_read(0), 0);
}

#[test]
fn a_close_with_bytes_unread_is_a_reset() {
    let peer = Peer2::start(Tls::Off, |_| {
        Script2::bare().read_head().wait_first_byte().close()
    });
    let mut client = connect(&peer);
    client.write_all(&[PREFACE, GET, PING].concat()).unwrap();
    let read = client.read(&mut [0]).map_err(|e| e.kind());
    assert_eq!(read, Err(ErrorKind::ConnectionReset));
    assert_eq!(peer.bytes_read(0), PREFACE.len() + GET.len());
}

#[test]
fn every_frame_as_the_rfc_has_it() {
    let peer = Peer2::start(Tls::Off, |_| {
        Script2::max_streams(7).read_all().send([
            Frame::Head(Stream::Last),
            Frame::Data(Stream::Last, b"da".to_vec()),
            Frame::LastData(Stream::Last, Vec::new()),
            Frame::Goaway(Stream::MAX, Code::EnhanceYourCalm),
            Frame::Reset(Stream::Nth(0), Code::RefusedStream),
            Frame::Ping(*b"pingpong"),
            Frame::Credit(Stream::Id(0), 0x1_0203),
            Frame::Raw(b"raw".to_vec()),
        ])
    });
    let mut client = connect(&peer);
    client.write_all(&[PREFACE, GET].concat()).unwrap();
    let goaway = b"\0\0\x08\x07\0\0\0\0\0\x7f\xff\xff\xff\0\0\0\x0b";
    let expected: [&[u8]; 9] = [
        b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x07",
        b"\0\0\x01\x01\x04\0\0\0\x01\x88",
        b"\0\0\x02\0\0\0\0\0\x01da",
        b"\0\0\0\0\x01\0\0\0\x01",
        goaway,
        b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\x07",
        PING,
        b"\0\0\x04\x08\0\0\0\0\0\0\x01\x02\x03",
        b"raw",
    ];
    expect(&mut client, &expected);
    assert_eq!(
        client.read(&mut [0]).unwrap(),
        0,
        "the end of the script is a close"
    );
}
