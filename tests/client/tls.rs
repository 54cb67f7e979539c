//! Whom the client trusts, what it shows of itself, and what it says when TLS or a connect fails.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use tokio::time::Instant;
use unstale::{Client, ClientBuilder};

use super::setup::{chain, get, https, on_both, post, read, soon, until, until_idle, url};
use crate::peer::loopback::tls::{root, server_config};
use crate::peer::{Peer, Script, Tls};

fn trusting_nobody() -> ClientBuilder {
    let builder = Client::builder().no_proxy().http1_only();
    builder.tls_platform_roots(false)
}

fn trusting(peer: &Peer) -> ClientBuilder {
    trusting_nobody().add_root_certificate(peer.root())
}

#[test]
fn a_root_of_ones_own_is_trusted_with_the_platforms_or_without() {
    on_both(async || {
        for close_notify in [true, false] {
            for tls in [Tls::V12 { close_notify }, Tls::V13 { close_notify }] {
                let peer = Peer::start(tls, |_| Script::serve_forever());
                for platform in [false, true] {
                    let builder = trusting(&peer).tls_platform_roots(platform);
                    let client = builder.build().unwrap();
                    let answer = soon(get(&client, https(&peer, "/x"))).await;
                    assert_eq!(answer.unwrap(), "ok");
                }
            }
        }
    });
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_an_error_that_names_it() {
    on_both(async || {
        let peer = Peer::start(Tls::V13 { close_notify: true }, |_| Script::serve_forever());
        let other = rcgen::generate_simple_self_signed(["other".to_owned()]).unwrap();
        let trusting_another = trusting_nobody().add_root_certificate(other.cert.der().clone());
        let with_the_platform = Client::builder().no_proxy();
        for builder in [trusting_nobody(), trusting_another, with_the_platform] {
            let client = builder.build().unwrap();
            let error = soon(client.request(post(https(&peer, "/pay")))).await;
            let error = error.unwrap_err();
            assert!(error.is_connect(), "{error}");
            let words = chain(&error);
            assert!(words.contains("invalid peer certificate"), "{words}");
        }
        assert_eq!(peer.executions().len(), 0);
    });
}

#[test]
fn https_only_refuses_cleartext_before_anything_is_opened() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
        let client = trusting(&peer).https_only(true).build().unwrap();
        let error = soon(get(&client, url(&peer, "/x"))).await.unwrap_err();
        let words = chain(&error);
        assert!(words.contains("https_only"), "{words}");
        assert!(error.is_request(), "{error:?}");
        assert_eq!(peer.connections(), 0);

        let peer = Peer::start(Tls::V13 { close_notify: true }, |_| Script::serve_forever());
        let client = trusting(&peer).https_only(true).build().unwrap();
        assert_eq!(soon(get(&client, https(&peer, "/x"))).await.unwrap(), "ok");
    });
}

/// Takes connections and never says a word.
fn mute() -> (SocketAddr, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    (listener.local_addr().unwrap(), listener)
}

#[test]
fn a_handshake_that_takes_too_long_is_an_error_that_names_connect_timeout() {
    on_both(async || {
        let (addr, _listener) = mute();
        let limit = Duration::from_millis(200);
        let client = trusting_nobody().connect_timeout(limit).build().unwrap();
        let begun = Instant::now();
        let error = soon(client.request(post(format!("https://{addr}/pay")))).await;
        let error = error.unwrap_err();
        assert!(begun.elapsed() >= limit, "{:?}", begun.elapsed());
        assert!(error.is_connect(), "{error}");
        let words = chain(&error);
        assert!(words.contains("connect_timeout of 200ms"), "{words}");
        assert!(client.connections().all().is_empty());
        assert_eq!(client.counters().connect_failed(), 1);
    });
}

/// A server whose good-bye comes in one piece with the end of its handshake: nobody need read the socket after that to know it.
fn parting(tls: Tls) -> SocketAddr {
    let (config, _) = tls.server_config().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            let mut session = ServerConnection::new(Arc::clone(&config)).unwrap();
            while session.is_handshaking() {
                if session.read_tls(&mut socket).unwrap_or(0) == 0 {
                    break;
                }
                session.process_new_packets().unwrap();
                if !session.is_handshaking() {
                    session.send_close_notify();
                }
                let _ = session.write_tls(&mut socket);
            }
            // Until the client is gone, too.
            let _ = socket.read(&mut [0; 1024]);
        }
    });
    addr
}

#[test]
fn a_connection_that_ends_with_its_handshake_is_forgotten() {
    on_both(async || {
        for tls in [
            Tls::V12 { close_notify: true },
            Tls::V13 { close_notify: true },
        ] {
            let url = format!("https://{}/pay", parting(tls));
            let builder = trusting_nobody().add_root_certificate(root());
            let client = builder.build().unwrap();
            let error = soon(client.request(post(url))).await.unwrap_err();
            until(&client, "it is gone", <[_]>::is_empty).await;
            assert!(!error.is_connect(), "{error}");
        }
    });
}

struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

fn identity() -> Identity {
    let made = rcgen::generate_simple_self_signed(["client".to_owned()]).unwrap();
    Identity {
        certificate: made.cert.der().clone(),
        key: PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into(),
    }
}

/// A server that asks for this client's certificate, and serves one connection after another.
fn demanding(client: &CertificateDer<'static>) -> SocketAddr {
    let mut roots = RootCertStore::empty();
    roots.add(client.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let config = ServerConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config.with_client_cert_verifier(verifier.build().unwrap());
    // The certificate of the peers, which every test trusts.
    let config = Arc::new(config.with_cert_resolver(server_config().cert_resolver));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let session = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(session, socket.unwrap());
            let mut request = [0; 1024];
            while stream.read(&mut request).is_ok_and(|length| length > 0) {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                stream.write_all(answer).unwrap();
            }
        }
    });
    addr
}

#[test]
fn a_client_certificate_is_shown_to_a_server_that_asks_for_one() {
    on_both(async || {
        let Identity { certificate, key } = identity();
        let url = format!("https://{}/x", demanding(&certificate));
        let ours = || trusting_nobody().add_root_certificate(root());
        let client = ours().tls_client_certificate(vec![certificate], key);
        let client = client.build().unwrap();
        for _ in 0..2 {
            let answer = soon(client.request(post(url.clone()))).await.unwrap();
            assert_eq!(read(answer).await, "ok");
            until_idle(&client, 1).await;
        }
        assert_eq!(client.counters().opened(), 1);
        drop(client);

        let nameless = ours().build().unwrap();
        let error = soon(nameless.request(post(url))).await.unwrap_err();
        let words = chain(&error);
        // The alert, or, if the connections had ended before the request was sent, what that may mean.
        let is_told = ["CertificateRequired", "wants another client certificate"];
        assert!(is_told.iter().any(|told| words.contains(told)), "{words}");
    });
}
