//! A connection that the peer's kernel forgets, and remembers.

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use super::clients::{ANSWER, GET, connect, exchange};
use crate::peer::{Peer, Script, Tls};

#[test]
fn what_is_sent_on_a_forgotten_connection_is_not_heard_until_it_is_remembered() {
    let peer = Peer::start(Tls::Off, |n| match n {
        0 => Script::new()
            .serve()
            .forget()
            .signal("forgotten")
            .wait("heal")
            .remember()
            .serve(),
        _ => Script::serve_forever(),
    });
    let mut client = connect(&peer);
    exchange(&mut client, GET);
    peer.reached("forgotten");
    client.write_all(GET).unwrap();
    client
        .set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    let error = client.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    exchange(&mut connect(&peer), GET);
    peer.go("heal");
    client
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let mut answer = vec![0; ANSWER.len()];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(answer, ANSWER);
    assert_eq!(peer.bytes_read(0), 2 * GET.len());
}
