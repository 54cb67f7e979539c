//! Servers that do as they are told: what is found of each, and what was asked of it.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

use super::command::{Temporary, finished, probe, run};
use super::moody::{self, Mood, Then};
use super::peer::{Peer, Script, Tls};
use super::peer_h2::{Code, Peer2, Script2, Stream};

/// Of the scripted peers; no trial is younger, which they could not answer.
const IDLE: Duration = Duration::from_millis(200);
/// Of the moody server.
const LAZY: Duration = Duration::from_millis(600);

/// What is found of a peer by the one protocol that it speaks.
async fn found(peer: &Peer) -> Value {
    let certificate = Temporary::certificate(&format!("{}.pem", peer.addr().port()), &peer.root());
    found_at(&peer.url("/"), &["--cacert", certificate.path()]).await
}

async fn found_at(url: &str, options: &[&str]) -> Value {
    let usual = ["--json", "--longest", "4s", "--patience", "2s", url];
    let run = run(usual.iter().chain(options)).await;
    assert_eq!(run.code, 0, "{run:#?}");
    let json = run.json();
    let [found] = &json["protocols"].as_array().unwrap()[..] else {
        panic!("{run:#?}");
    };
    found.clone()
}

/// Connections that end as `end` says after lying idle; the first carries no trial.
fn ending(tls: Tls, end: fn(Script) -> Script) -> Peer {
    Peer::start(tls, move |n| match n {
        0 => Script::serve_forever(),
        _ => end(Script::new().serve().pause(IDLE)),
    })
}

/// It closes by itself, after no less than the peer waits, and always in the one manner.
#[track_caller]
fn the_close(found: &Value) -> &Value {
    let idle = &found["idle_timeout"];
    assert_eq!(idle["kind"], "closes", "{found:#}");
    assert!(idle["ms"].as_f64().unwrap() >= 190.0, "{found:#}");
    let [manner] = &found["closes"].as_array().unwrap()[..] else {
        panic!("{found:#}");
    };
    &manner["close"]
}

#[tokio::test]
async fn a_server_that_closes_fully_is_told_from_one_that_lingers() {
    let full = found(&ending(Tls::Off, Script::close)).await;
    let close = the_close(&full);
    assert_eq!(
        (&close["by"], &close["lingers"]),
        (&"fin".into(), &false.into())
    );

    let lingering = found(&ending(Tls::Off, |script| script.fin().discard())).await;
    let close = the_close(&lingering);
    assert_eq!(
        (&close["by"], &close["lingers"]),
        (&"fin".into(), &true.into())
    );
}

#[tokio::test]
async fn a_reset_is_told_from_a_fin() {
    let found = found(&ending(Tls::Off, Script::rst)).await;
    assert_eq!(the_close(&found)["by"], "rst");
}

#[tokio::test]
async fn a_408_that_nobody_asked_for_is_seen() {
    let says = |script: Script| {
        script
            .send("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            .fin()
            .discard()
    };
    let found = found(&ending(Tls::Off, says)).await;
    assert_eq!(the_close(&found)["unasked_status"], 408);
}

#[tokio::test]
async fn a_server_that_says_good_bye_over_tls_is_told_from_one_that_does_not() {
    for close_notify in [true, false] {
        for tls in [Tls::V12 { close_notify }, Tls::V13 { close_notify }] {
            let found = found(&ending(tls, Script::close)).await;
            let close = the_close(&found);
            assert_eq!(close["by"], "fin", "{close}");
            assert_eq!(close["close_notify"], close_notify, "{close}");
        }
    }
}

#[tokio::test]
async fn a_server_that_keeps_connections_is_said_to_do_so_for_longer() {
    let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
    let found = found_at(&peer.url("/"), &["--longest", "1s"]).await;
    assert_eq!(found["idle_timeout"]["kind"], "longer", "{found:#}");
    assert!(
        found["idle_timeout"]["than_ms"].as_f64().unwrap() >= 1000.0,
        "{found:#}"
    );
    assert_eq!(found["requests"]["kind"], "at_least", "{found:#}");
    assert_eq!(found["requests"]["count"], 120, "{found:#}");
}

#[tokio::test]
async fn the_requests_that_a_connection_carries_are_counted() {
    let five = |script: Script| script.serve().serve().serve().serve().serve().close();
    let peer = Peer::start(Tls::Off, move |_| five(Script::new()));
    let found = found_at(&peer.url("/"), &["--longest", "1s"]).await;
    assert_eq!(found["requests"]["kind"], "ends_unannounced", "{found:#}");
    assert_eq!(found["requests"]["count"], 5, "{found:#}");

    let mood = Mood {
        idle: Duration::MAX,
        then: Then::Close,
        requests: 7,
    };
    let (addr, _) = moody::start(mood).await;
    let found = found_at(&format!("http://{addr}/"), &["--longest", "1s"]).await;
    assert_eq!(found["requests"]["kind"], "ends_announced", "{found:#}");
    assert_eq!(found["requests"]["count"], 7, "{found:#}");
}

/// A server that notices when it is asked only.
async fn lazy(then: Then) -> Value {
    let mood = Mood {
        idle: LAZY,
        then,
        requests: usize::MAX,
    };
    let (addr, count) = moody::start(mood).await;
    let found = found_at(&format!("http://{addr}/"), &[]).await;
    let idle = &found["idle_timeout"];
    let at = |name: &str| idle[name].as_f64().unwrap();
    // However late this machine is: what was answered was young enough for the server, and what was lost was not.
    assert!(
        at("answered_ms") <= 650.0 && at("lost_ms") >= 190.0,
        "{found:#}"
    );
    // Who forgets a connection does not see it end.
    let at_once = if matches!(then, Then::Forget) { 40 } else { 8 };
    assert!(
        count.at_once() <= at_once && count.connections() <= 40,
        "{count:?}"
    );
    assert!(count.requests() <= 120 + 2 * 40, "{count:?}");
    found
}

#[tokio::test]
async fn a_server_that_closes_when_it_is_asked_is_bisected() {
    for then in [Then::Close, Then::Reset, Then::Says408] {
        let found = lazy(then).await;
        let idle = &found["idle_timeout"];
        assert_eq!(idle["kind"], "closes_when_asked", "{found:#}");
        let width = idle["lost_ms"].as_f64().unwrap() - idle["answered_ms"].as_f64().unwrap();
        assert!(width <= 100.0, "{then:?}: {found:#}");
    }
}

#[tokio::test]
async fn a_connection_that_something_on_the_way_has_forgotten_is_found() {
    let found = lazy(Then::Forget).await;
    assert_eq!(found["idle_timeout"]["kind"], "forgotten", "{found:#}");
    assert_eq!(found["forgotten"], true, "{found:#}");
}

#[tokio::test]
async fn a_goaway_is_seen_and_whether_a_fin_follows() {
    let goaway = |script: Script2| {
        script
            .serve(1)
            .pause(IDLE)
            .goaway(Stream::Last, Code::NoError)
    };
    let ends: [fn(Script2) -> Script2; 2] = [Script2::discard, |script| script.fin().discard()];
    for (end, closes) in ends.into_iter().zip([false, true]) {
        let peer = Peer2::start(Tls::Off, move |n| match n {
            0 => Script2::new().serve_forever(),
            _ => end(goaway(Script2::new())),
        });
        let found = found_at(&peer.url("/"), &["--protocol", "http2"]).await;
        let close = the_close(&found);
        assert_eq!(close["by"], "goaway", "{found:#}");
        assert_eq!(close["goaway"]["code"], 0, "{found:#}");
        assert_eq!(
            close["goaway"]["fin_after_ms"].is_number(),
            closes,
            "{found:#}"
        );
        assert!(found["ping_ms"].is_number(), "{found:#}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_pings_is_found() {
    let peer = Peer2::start(Tls::Off, |_| {
        Script2::new().ack_pings(false).serve_forever()
    });
    let found = found_at(&peer.url("/"), &["--protocol", "http2", "--longest", "1s"]).await;
    assert!(found["ping_ms"].is_null(), "{found:#}");
}

#[tokio::test]
async fn it_says_who_it_is() {
    let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
    found_at(
        &peer.url("/status?a=b"),
        &["--longest", "1s", "--requests", "2"],
    )
    .await;
    for request in peer.finish() {
        let agent = request
            .headers
            .iter()
            .find(|(name, _)| name == "user-agent");
        let (_, agent) = agent.unwrap();
        assert!(agent.starts_with("unstale-probe/"), "{agent}");
        assert_eq!((&*request.method, &*request.path), ("GET", "/status?a=b"));
    }
}

#[tokio::test]
async fn what_is_known_is_printed_when_it_is_interrupted() {
    for options in [&["--json"][..], &[]] {
        let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
        let mut child = probe(options).arg(peer.url("/")).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let mut lines = stderr.lines();
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.ends_with("idle: answered") {
                break;
            }
        }
        let id = i32::try_from(child.id().unwrap()).unwrap();
        rustix::process::kill_process(
            rustix::process::Pid::from_raw(id).unwrap(),
            rustix::process::Signal::INT,
        )
        .unwrap();
        let run = finished(child).await;
        assert_eq!(run.code, 130, "{run:#?}");
        if options.is_empty() {
            assert!(
                run.stdout.contains("interrupted: this is what was known"),
                "{run:#?}"
            );
        } else {
            let found = &run.json()["protocols"][0];
            assert_eq!(found["interrupted"], true, "{run:#?}");
            assert_eq!(found["idle_timeout"]["kind"], "longer", "{run:#?}");
        }
    }
}
