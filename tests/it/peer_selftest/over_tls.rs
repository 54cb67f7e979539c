//! The same endings over TLS, with and without `close_notify`.

use std::io::{ErrorKind, Write};
use std::time::Duration;

use rustls::ProtocolVersion;

use super::clients::{Ending, GET, POST_HEAD, connect, connect_tls, ending, exchange};
use crate::peer::{Peer, Script, Tls};

const ALL: [Tls; 4] = [
    Tls::V12 {
        close_notify: false,
    },
    Tls::V12 { close_notify: true },
    Tls::V13 {
        close_notify: false,
    },
    Tls::V13 { close_notify: true },
];

/// What a FIN means under this setting.
fn orderly(tls: Tls) -> Ending {
    match tls {
        Tls::V12 {
            close_notify: false,
        }
        | Tls::V13 {
            close_notify: false,
        } => Ending::Truncated,
        _ => Ending::Clean,
    }
}

#[test]
fn speaks_the_version_it_was_told() {
    for tls in ALL {
        let peer = Peer::start(tls, |_| Script::serve_forever());
        let mut client = connect_tls(&peer);
        exchange(&mut client, GET);
        exchange(&mut client, &[POST_HEAD, b"hello"].concat());
        let version = match tls {
            Tls::V12 { .. } => ProtocolVersion::TLSv1_2,
            _ => ProtocolVersion::TLSv1_3,
        };
        assert_eq!(client.conn.protocol_version(), Some(version));
        assert_eq!(peer.executions()[1].body, b"hello");
        assert_eq!(peer.bytes_read(0), GET.len() + POST_HEAD.len() + 5);
        assert!(
            peer.raw_bytes(0) > peer.bytes_read(0) + 100,
            "the handshake counts below TLS"
        );
    }
}

#[test]
fn without_a_handshake_nothing_is_said() {
    for tls in ALL {
        let peer = Peer::start(tls, |_| Script::no_handshake().close());
        assert_eq!(ending(&mut connect(&peer)), Ending::Clean);
    }
}

#[test]
fn close_says_goodbye_if_told_to() {
    for tls in ALL {
        let peer = Peer::start(tls, |_| Script::new().serve().close());
        let mut client = connect_tls(&peer);
        exchange(&mut client, GET);
        assert_eq!(ending(&mut client), orderly(tls), "{tls:?}");
    }
}

#[test]
fn the_end_of_a_script_is_a_close() {
    for tls in ALL {
        let peer = Peer::start(tls, |_| Script::new());
        assert_eq!(ending(&mut connect_tls(&peer)), orderly(tls), "{tls:?}");
    }
}

#[test]
fn fin_says_goodbye_if_told_to_and_the_peer_reads_on() {
    for tls in ALL {
        let peer = Peer::start(tls, |_| {
            Script::new().serve().fin().discard().signal("gone")
        });
        let mut client = connect_tls(&peer);
        exchange(&mut client, GET);
        assert_eq!(ending(&mut client), orderly(tls), "{tls:?}");
        client.write_all(GET).unwrap();
        drop(client);
        peer.reached("gone");
        assert_eq!(peer.bytes_read(0), 2 * GET.len());
    }
}

#[test]
fn close_notify_comes_without_a_fin() {
    for tls in ALL {
        let peer = Peer::start(tls, |_| Script::new().serve().close_notify().stall());
        let mut client = connect_tls(&peer);
        exchange(&mut client, GET);
        assert_eq!(ending(&mut client), Ending::Clean, "{tls:?}");
        client
            .sock
            .set_read_timeout(Some(Duration::from_millis(50)))
            .unwrap();
        let peeked = client.sock.peek(&mut [0]).map_err(|e| e.kind());
        assert_eq!(peeked, Err(ErrorKind::WouldBlock), "{tls:?}");
    }
}

#[test]
fn rst_sends_no_alert() {
    for tls in ALL {
        let peer = Peer::start(tls, |_| Script::new().serve().rst());
        let mut client = connect_tls(&peer);
        exchange(&mut client, GET);
        assert_eq!(ending(&mut client), Ending::Reset, "{tls:?}");
    }
}

#[test]
fn close_at_the_first_unread_byte_is_a_reset() {
    for tls in ALL {
        // Also as the first step: the handshake leaves every byte of the request in the kernel.
        for served in [0, 1] {
            let peer = Peer::start(tls, move |_| {
                let script = if served == 0 {
                    Script::new()
                } else {
                    Script::new().serve()
                };
                script.wait_first_byte().close()
            });
            let mut client = connect_tls(&peer);
            for _ in 0..served {
                exchange(&mut client, GET);
            }
            client.write_all(GET).unwrap();
            let expected = match orderly(tls) {
                // The alert goes out first and rustls reads no further; the RST lies behind it.
                Ending::Clean => Ending::Clean,
                Ending::Truncated | Ending::Reset => Ending::Reset,
            };
            assert_eq!(ending(&mut client), expected, "{tls:?} {served}");
            if expected == Ending::Clean {
                let below = client.sock.peek(&mut [0]).map_err(|e| e.kind());
                assert_eq!(below, Err(ErrorKind::ConnectionReset));
            }
            assert_eq!(peer.bytes_read(0), served * GET.len());
        }
    }
}

#[test]
fn a_body_in_a_record_of_its_own_stays_unread() {
    let peer = Peer::start(
        Tls::V13 {
            close_notify: false,
        },
        |_| Script::new().wait("sent").read_head().close(),
    );
    let mut client = connect_tls(&peer);
    client.write_all(POST_HEAD).unwrap();
    client.write_all(b"hello").unwrap();
    peer.go("sent");
    assert_eq!(ending(&mut client), Ending::Reset);
    assert_eq!(peer.bytes_read(0), POST_HEAD.len());
}
