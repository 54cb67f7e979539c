//! What is known by asking the kernel, and what that must not do to connections that are in use.

use std::fs;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use reqwest::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;
use unstale::evidence::{Delivery, End, SecondLook};
use unstale::policy::NonIdempotent;
use unstale::reqwest::Client;
use unstale::verdict::{Attempt, Grounds, Refusal, Verdict};
use unstale::{Attempts, Error, RetryPolicy};

use crate::client::{Stack, builder, ours, stream, url};
use crate::kernel;
use crate::peer::{Peer, Script, Tls};

const TLS: [Tls; 2] = [
    Tls::V12 { close_notify: true },
    Tls::V13 { close_notify: true },
];

async fn warm(client: &Client, peer: &Peer, tls: Tls) {
    let response = client.get(url(peer, tls, "/warm")).send().await.unwrap();
    response.bytes().await.unwrap();
    settle().await;
}

/// A connection comes back to the pool by a task of its own.
async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

fn first(tls: Tls, script: Script) -> Peer {
    Peer::start(tls, move |n| match n {
        0 => Script::new().serve().then(script.clone()),
        _ => Script::serve_forever(),
    })
}

/// Looks for what the sockets have to say when it has nothing else to do, and never before.
fn unpolled() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder
        .event_interval(u32::MAX)
        .enable_all()
        .build()
        .unwrap()
}

/// A POST that is handed to a living connection, whose end comes before the connection's task has written it.
async fn crossed(client: &Client, peer: &Peer, tls: Tls) -> Result<reqwest::Response, Error> {
    warm(client, peer, tls).await;
    let post = client.post(url(peer, tls, "/post")).body("one=1").send();
    let mut post = pin!(post);
    let begun = poll_fn(|cx| Poll::Ready(post.as_mut().poll(cx))).await;
    assert!(begun.is_pending());
    peer.go("close");
    kernel::block_until("the FIN", || kernel::established(peer.addr()) == 0);
    post.await
}

fn failed(response: &reqwest::Response) -> &[Attempt] {
    Attempts::in_extensions(response.extensions())
}

#[test]
fn a_post_into_a_fully_closed_connection_is_proven_lost_and_replayed() {
    let peer = first(Tls::Off, Script::new().wait("close").close());
    let client = ours(&peer);
    let response = unpolled().block_on(crossed(&client, &peer, Tls::Off));
    let response = response.unwrap();
    let [lost] = failed(&response) else {
        panic!("{response:?}")
    };
    assert_eq!(lost.decided(), Verdict::Replay(Grounds::NotReceived));
    let evidence = lost.evidence().unwrap();
    assert_eq!(evidence.end(), End::Closed(SecondLook::NeverAcknowledged));
    let trace = evidence.trace().unwrap();
    assert!(trace.sent() > 0, "it had left: {trace:?}");
    assert_eq!(trace.acknowledged(), Some(0));
    assert_eq!(peer.executed("POST", "/post"), 1);
    assert_eq!(peer.connections(), 2);
}

#[test]
fn who_does_not_make_the_assumption_is_refused_the_proof() {
    let peer = first(Tls::Off, Script::new().wait("close").close());
    let policy = RetryPolicy::builder().non_idempotent(NonIdempotent::WhenNotSent);
    let client = builder(Stack::Asking, &peer);
    let client = client
        .retry_policy(policy.build().unwrap())
        .build()
        .unwrap();
    let error = unpolled().block_on(crossed(&client, &peer, Tls::Off));
    let error = error.unwrap_err();
    assert_eq!(error.refusal(), Refusal::PolicyWantsNotSent);
    assert_eq!(peer.executed("POST", "/post"), 0);
}

#[test]
fn there_is_no_proof_over_tls_nor_where_the_kernel_is_not_asked() {
    let close = || Script::new().wait("close").close();
    let runs = TLS.map(|tls| (tls, Stack::Asking));
    for (tls, stack) in runs.into_iter().chain([(Tls::Off, Stack::Blind)]) {
        let peer = first(tls, close());
        let client = builder(stack, &peer).build().unwrap();
        let error = unpolled()
            .block_on(crossed(&client, &peer, tls))
            .unwrap_err();
        let evidence = error.evidence().unwrap();
        assert_eq!(evidence.delivery(), Delivery::Unknown, "{tls:?}: {error:?}");
        assert_eq!(peer.executed("POST", "/post"), 0, "{tls:?}");
        assert_eq!(peer.connections(), 1, "{tls:?}");
    }
}

#[test]
fn a_half_close_that_reads_on_and_executes_is_no_proof() {
    let reads_on = Script::new().wait("close").fin().read_all().execute();
    for end in [
        Script::new().close(),
        Script::new().stall(),
        Script::new().answer().close(),
    ] {
        let peer = first(Tls::Off, reads_on.clone().then(end));
        let client = ours(&peer);
        let error = unpolled()
            .block_on(crossed(&client, &peer, Tls::Off))
            .unwrap_err();
        let evidence = error.evidence().unwrap();
        assert_eq!(evidence.delivery(), Delivery::Unknown, "{error:?}");
        assert!(peer.executed("POST", "/post") <= 1, "{error:?}");
        assert_eq!(peer.connections(), 1);
    }
}

#[tokio::test]
async fn the_peer_of_a_cancelled_upload_sees_its_end_while_another_request_goes_on() {
    for tls in [Tls::Off, TLS[1]] {
        // Two connections that are idle, so that either request may hold both of them; then nothing is answered.
        let peer = Peer::start(tls, |_| {
            let served = Script::new().read_all().execute().wait("both").answer();
            served.read_head().read_body(5).signal("begun").discard()
        });
        let client = ours(&peer);
        let get = || client.get(url(&peer, tls, "/warm")).send();
        let go = async {
            kernel::until("two requests", || peer.executed("GET", "/warm") == 2).await;
            peer.go("both");
        };
        let (one, two, ()) = tokio::join!(get(), get(), go);
        for response in [one, two] {
            response.unwrap().bytes().await.unwrap();
        }
        settle().await;

        let (sender, body) = stream();
        sender.send("piece".into()).unwrap();
        let upload = client.put(url(&peer, tls, "/a"));
        let upload = upload.body(reqwest::Body::wrap(body)).send();
        let mut other = pin!(client.put(url(&peer, tls, "/b")).body("other").send());
        tokio::select! {
            _ = upload => panic!("it was answered"),
            _ = &mut other => panic!("it was answered"),
            () = peer.reached_async("begun") => {}
            // The one that is dropped here is the upload.
        }
        let cancelled = Instant::now();
        tokio::select! {
            _ = &mut other => panic!("it was answered"),
            () = kernel::until("one is gone", || kernel::held(peer.addr()) == 1) => {}
        }
        assert!(cancelled.elapsed() < Duration::from_secs(1), "{tls:?}");
        assert_eq!(kernel::half_closed(peer.addr()), 0, "{tls:?}");
        assert_eq!(peer.connections(), 2, "{tls:?}");
        drop(sender);
    }
}

/// How many descriptors of this process are of sockets that are connected to the peer.
fn descriptors(peer: &Peer) -> usize {
    let ours = kernel::held_all(&[peer.addr()]).ours;
    let links = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let inodes = links.filter_map(|link| {
        let name = fs::read_link(link.path()).ok()?;
        let name = name.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
        name.parse::<u64>().ok()
    });
    inodes.filter(|inode| ours.contains(inode)).count()
}

#[tokio::test]
async fn between_attempts_no_descriptor_is_held() {
    for tls in [Tls::Off, TLS[1]] {
        let peer = Peer::start(tls, |_| Script::serve_forever());
        let client = ours(&peer);
        for _ in 0..20 {
            warm(&client, &peer, tls).await;
            let post = client.post(url(&peer, tls, "/post")).body("a");
            post.send().await.unwrap().bytes().await.unwrap();
            assert_eq!(descriptors(&peer), 1);
        }
        assert_eq!(peer.connections(), 1);
        drop(client);
        kernel::until("it is closed", || kernel::held(peer.addr()) == 0).await;
    }
}

#[tokio::test]
async fn a_server_that_restarts_leaves_nothing_half_closed() {
    let peer = Peer::start(Tls::Off, |n| match n {
        0..8 => Script::new()
            .read_all()
            .execute()
            .wait("warm")
            .answer()
            .wait("close")
            .close(),
        _ => Script::serve_forever(),
    });
    let client = ours(&peer);
    let mut warming = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let get = client.get(url(&peer, Tls::Off, "/warm")).send();
        warming.spawn(async { get.await.unwrap().bytes().await.unwrap() });
    }
    kernel::until("eight requests", || peer.executed("GET", "/warm") == 8).await;
    peer.go("warm");
    warming.join_all().await;
    peer.go("close");
    kernel::block_until("eight ends", || kernel::established(peer.addr()) == 0);
    let post = client.post(url(&peer, Tls::Off, "/post")).body("a");
    assert_eq!(post.send().await.unwrap().status(), StatusCode::OK);
    kernel::until("none is half-closed", || {
        kernel::half_closed(peer.addr()) == 0
    })
    .await;
    assert_eq!(peer.executed("POST", "/post"), 1);
}

#[tokio::test]
async fn what_is_spoken_after_an_upgrade_is_not_cut_off() {
    let switch = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
    let peer = Peer::start(Tls::Off, move |n| match n {
        0 => Script::new()
            .read_head()
            .send(switch)
            .fin()
            .read_some(5)
            .signal("read"),
        _ => Script::serve_forever(),
    });
    let client = ours(&peer);
    let upgrade = client.get(url(&peer, Tls::Off, "/"));
    let upgrade = upgrade
        .header("connection", "upgrade")
        .header("upgrade", "echo");
    let response = upgrade.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    let mut upgraded = response.upgrade().await.unwrap();
    assert_eq!(upgraded.read(&mut [0; 1]).await.unwrap(), 0);
    // Whatever ended is closed for good before these.
    warm(&client, &peer, Tls::Off).await;
    warm(&client, &peer, Tls::Off).await;
    upgraded.write_all(b"hello").await.unwrap();
    upgraded.flush().await.unwrap();
    peer.reached_async("read").await;
}

#[tokio::test]
async fn an_answer_that_is_still_being_read_is_not_cut_off() {
    // Larger than what the buffers between take: a part of it lies unread behind which the end came.
    let body = vec![b'x'; 8 * 1024 * 1024];
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let peer = Peer::start(Tls::Off, move |n| match n {
        0 => Script::new()
            .read_all()
            .execute()
            .send([head.as_bytes(), &body].concat())
            .close(),
        _ => Script::serve_forever(),
    });
    let client = ours(&peer);
    let response = client.get(url(&peer, Tls::Off, "/large")).send().await;
    let mut response = response.unwrap();
    let mut bytes = 0;
    while let Some(chunk) = response.chunk().await.unwrap() {
        bytes += chunk.len();
        if bytes % 7 == 0 {
            warm(&client, &peer, Tls::Off).await;
        }
    }
    assert_eq!(bytes, 8 * 1024 * 1024);
}
