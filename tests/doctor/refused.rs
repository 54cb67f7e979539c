//! What cannot be probed: each has words and an exit code of its own.

use super::command::{Run, Temporary, run};
use super::peer::{Peer, Script, Tls};

/// Fails with this code, prints no report, and says on standard error what is wrong.
#[track_caller]
fn assert_refused(run: &Run, code: i32, words: &str) {
    assert_eq!(run.code, code, "{run:#?}");
    assert_eq!(run.stdout, "", "{run:#?}");
    assert!(run.stderr.contains(words), "{run:#?}");
}

fn peer(script: Script) -> Peer {
    Peer::start(Tls::Off, move |_| script.clone())
}

#[tokio::test]
async fn what_is_no_url_is_refused() {
    for url in [
        "example",
        "ftp://localhost/",
        "http://user:secret@localhost/",
    ] {
        assert_refused(&run([url]).await, 2, "is no URL to probe");
    }
}

#[tokio::test]
async fn wrong_usage_is_refused() {
    let url = "http://localhost/";
    let wrong: [&[&str]; 5] = [
        &[],
        &[url, "--longest", "2h"],
        &[url, "--connections", "3"],
        &[url, "--connections", "1000"],
        &[url, "--requests", "1"],
    ];
    for arguments in wrong {
        assert_refused(&run(arguments).await, 2, "--help");
    }
}

#[tokio::test]
async fn a_host_that_cannot_be_reached_is_refused() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    drop(listener);
    let run = run([format!("http://{addr}/")]).await;
    assert_refused(&run, 3, "connection refused");
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_is_refused() {
    let tls = Tls::V13 { close_notify: true };
    let peer = Peer::start(tls, |_| Script::serve_forever());
    assert_refused(&run([peer.url("/")]).await, 4, "TLS with");
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_refused() {
    let peer = peer(Script::new().send("220 mail.example ESMTP\r\n").discard());
    let url = peer.url("/").replace("http:", "https:");
    assert_refused(&run([url]).await, 4, "TLS with");
}

#[tokio::test]
async fn a_server_that_speaks_no_http_is_refused_with_what_it_said() {
    let peer = peer(Script::new().send("SSH-2.0-OpenSSH_9.2\r\n").discard());
    let run = run([peer.url("/")]).await;
    assert_refused(
        &run,
        5,
        "does not speak HTTP/1.1: it began with \"SSH-2.0-OpenSSH_9.2",
    );
}

#[tokio::test]
async fn a_server_that_speaks_no_http2_is_refused_with_what_it_said() {
    let peer = peer(
        Script::new()
            .send("HTTP/1.1 400 Bad Request\r\n\r\n")
            .discard(),
    );
    let run = run([&*peer.url("/"), "--protocol", "http2"]).await;
    assert_refused(
        &run,
        5,
        "does not speak HTTP/2: it began with \"HTTP/1.1 400",
    );
}

#[tokio::test]
async fn a_server_that_closes_without_an_answer_is_refused() {
    for script in [
        Script::new().close(),
        Script::new().read_all().close(),
        Script::new().read_all().rst(),
    ] {
        let run = run([peer(script).url("/")]).await;
        assert_refused(&run, 6, "closes every connection without an answer");
    }
}

#[tokio::test]
async fn a_server_that_closes_after_each_answer_is_refused() {
    let said = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    let old = "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n";
    for (script, words) in [
        (Script::new().serve().close(), "without saying so"),
        (Script::new().serve().rst(), "without saying so"),
        (Script::new().read_all().send(said).close(), "and says so"),
        (Script::new().read_all().send(old).close(), "and says so"),
    ] {
        let run = run([peer(script).url("/")]).await;
        assert_refused(&run, 6, "closes every connection after one answer");
        assert!(run.stderr.contains(words), "{run:#?}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_refused() {
    let peer = peer(Script::new().read_all().stall());
    let run = run([&*peer.url("/"), "--patience", "1s"]).await;
    assert_refused(&run, 7, "has not answered for 1 s");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named() {
    let none = Temporary::named("none.pem");
    let run = run(["http://localhost/", "--cacert", none.path()]).await;
    assert_refused(&run, 8, none.path());
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_named_and_the_report_is_there() {
    let peer = peer(Script::serve_forever());
    let run = run([
        &*peer.url("/"),
        "--longest",
        "1s",
        "--svg",
        "/nowhere/a.svg",
    ])
    .await;
    assert_eq!(run.code, 8, "{run:#?}");
    assert!(
        run.stderr.contains("cannot write /nowhere/a.svg"),
        "{run:#?}"
    );
    assert!(run.stdout.contains("Idle timeout"), "{run:#?}");
}

#[tokio::test]
async fn of_several_urls_the_first_that_failed_decides_and_the_others_are_probed() {
    let good = peer(Script::serve_forever());
    let bad = peer(Script::new().close());
    let urls = [bad.url("/"), "nonsense".to_owned(), good.url("/")];
    let options = ["--longest", "1s", "--json"].map(str::to_owned);
    let run = run(urls.into_iter().chain(options)).await;
    assert_eq!(run.code, 6, "{run:#?}");
    let lines = run
        .stdout
        .lines()
        .map(serde_json::from_str::<serde_json::Value>);
    let lines: Vec<_> = lines.map(Result::unwrap).collect();
    let kinds: Vec<_> = lines.iter().map(|line| &line["error"]["kind"]).collect();
    assert_eq!(kinds[..2], ["closes_every_connection", "url"]);
    assert!(kinds[2].is_null(), "{run:#?}");
}
