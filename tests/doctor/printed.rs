//! What is printed: the words, the chart, the picture, the help.

use std::process::Stdio;

use super::command::{Temporary, probe, run};
use super::peer::{Peer, Script, Tls};

fn peer() -> Peer {
    Peer::start(Tls::Off, |n| match n {
        0 => Script::serve_forever(),
        _ => Script::new()
            .serve()
            .pause(std::time::Duration::from_millis(200))
            .close(),
    })
}

#[tokio::test]
async fn the_report_has_a_chart_a_verdict_and_settings() {
    let peer = peer();
    let run = run([peer.url("/")]).await;
    assert_eq!(run.code, 0, "{run:#?}");
    for part in [
        "connections that are of use, by idle age",
        "100 % │█",
        "✗",
        "Idle timeout  closes an idle connection after",
        "Announced     no",
        "Closes        by a FIN; in both directions",
        "Requests      at least 120",
        "On the way    not known",
        "hyper-util:",
        ".pool_idle_timeout(Duration::from_",
        "reqwest:",
        "unstale:",
        ".server_idle_timeout(Duration::from_",
    ] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    assert!(
        !run.stdout.contains('\u{1b}'),
        "no colours where there is no terminal"
    );
    let wide = |line: &&str| line.chars().count() > 100;
    assert_eq!(run.stdout.lines().find(wide), None);
}

#[tokio::test]
async fn it_says_beforehand_what_it_is_about_to_do() {
    let peer = peer();
    let run = run([&*peer.url("/"), "--connections", "5", "--requests", "9"]).await;
    let first = run.stderr.replace('\n', " ");
    for part in [
        "up to 5 connections at once and 25 in all",
        "up to 80 s",
        "up to 9 requests",
        "at most",
    ] {
        assert!(first.contains(part), "{part}: {first}");
    }
}

#[tokio::test]
async fn quiet_is_quiet() {
    let peer = peer();
    let run = run([&*peer.url("/"), "--quiet"]).await;
    assert_eq!((run.code, &*run.stderr), (0, ""));
}

#[tokio::test]
async fn the_picture_is_well_formed_whatever_the_url_says() {
    let peer = peer();
    let picture = Temporary::named("picture.svg");
    let url = peer.url("/?a=1&b='&lt;");
    let run = run([&*url, "--svg", picture.path()]).await;
    assert_eq!(run.code, 0, "{run:#?}");
    let svg = picture.read();
    assert_well_formed(&svg);
    assert!(svg.contains("&amp;b='&amp;lt;"), "{svg}");
    for part in [
        "class=\"alive\"",
        "class=\"dead\"",
        "class=\"end\"",
        "class=\"use\"",
    ] {
        assert!(svg.contains(part), "{part}: {svg}");
    }
}

#[tokio::test]
async fn the_help_tells_every_option_and_every_exit_code() {
    let run = run(["--help"]).await;
    assert_eq!(run.code, 0);
    let options = [
        "--longest",
        "--connections",
        "--requests",
        "--patience",
        "--protocol",
        "--head",
    ];
    let options = options
        .into_iter()
        .chain(["--cacert", "--json", "--svg", "--quiet"]);
    let codes = [
        "  0  ", "  2  ", "  3  ", "  4  ", "  5  ", "  6  ", "  7  ", "  8  ", "130  ",
    ];
    for part in options.chain(codes) {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
}

/// Every element that is opened is closed, in order; attributes are quoted, and nothing is left unescaped.
#[track_caller]
fn assert_well_formed(xml: &str) {
    let mut open = Vec::new();
    let mut rest = xml;
    while let Some(at) = rest.find('<') {
        assert_escaped(&rest[..at]);
        let end = at + rest[at..].find('>').expect("a tag ends");
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{xml}");
        } else {
            let inner = tag.strip_suffix('/');
            let (name, attributes) = inner.unwrap_or(tag).split_once(' ').unwrap_or((tag, ""));
            let quotes = attributes.matches('"').count();
            assert_eq!(quotes, attributes.matches("=\"").count() * 2, "{tag}");
            assert_escaped(attributes);
            if inner.is_none() {
                open.push(name);
            }
        }
    }
    assert!(
        open.is_empty() && rest.trim().is_empty(),
        "{open:?} {rest:?}"
    );
}

#[track_caller]
fn assert_escaped(text: &str) {
    for (at, _) in text.match_indices('&') {
        let is_known = ["&amp;", "&lt;", "&gt;", "&quot;"];
        let is_known = is_known.iter().any(|entity| text[at..].starts_with(entity));
        assert!(is_known, "{text}");
    }
}
