//! Nothing is left of a link, however its user ends; and users that run side by side do not meet.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{short, until};
use crate::lab::Link;
use crate::peer::{Peer, Script, Tls};

/// Set for a process that is to make a link, tell of it, and wait for its end.
const CHILD: &str = "UNSTALE_WAN_LINK_AND_WAIT";

/// A link as it is known from outside.
#[derive(Debug, PartialEq, Eq)]
struct Traces {
    device: String,
    namespace: String,
}

impl Traces {
    fn of(link: &Link) -> Self {
        Self {
            device: link.device(),
            namespace: format!("net:[{}]", link.namespace()),
        }
    }

    fn has_device(&self) -> bool {
        Path::new("/sys/class/net").join(&self.device).exists()
    }

    /// Whether a thread is in the namespace, or a process has it open.
    fn has_namespace(&self) -> bool {
        let is_it = |path: PathBuf| {
            fs::read_link(path).is_ok_and(|target| target.as_os_str() == self.namespace.as_str())
        };
        let entries = |folder: PathBuf| {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            entries.map(|entry| entry.path())
        };
        entries("/proc".into()).any(|process| {
            let is_inside = |task: PathBuf| is_it(task.join("ns/net"));
            entries(process.join("task")).any(is_inside) || entries(process.join("fd")).any(is_it)
        })
    }

    fn assert_there(&self) {
        assert!(self.has_device() && self.has_namespace(), "{self:?}");
    }

    fn until_gone(&self) {
        until("the device is gone", || !self.has_device());
        until("the namespace is gone", || !self.has_namespace());
    }
}

#[test]
#[ignore = "needs root: makes a network namespace and two TUN devices"]
fn nothing_is_left_behind_after_a_panic() {
    let mut left = None;
    let panics = || {
        let link = short();
        let _peer = link.place(|| Peer::start_at(link.address(), Tls::Off, |_| Script::new()));
        let traces = Traces::of(&link);
        traces.assert_there();
        left = Some(traces);
        panic!("as tests do");
    };
    catch_unwind(AssertUnwindSafe(panics)).unwrap_err();
    left.unwrap().until_gone();
}

/// Runs this very test in a process of its own, in which it makes a link and waits.
fn another_process() -> (Child, Traces) {
    let name = "link::left_behind::nothing_is_left_behind_by_a_process_that_is_killed";
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", name])
        .env(CHILD, "yes")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let told = output.lines().find_map(|line| {
        let line = line.unwrap();
        let (_, told) = line.split_once("link ")?;
        let (device, namespace) = told.split_once(' ')?;
        Some(Traces {
            device: device.to_owned(),
            namespace: namespace.to_owned(),
        })
    });
    (child, told.unwrap())
}

#[test]
#[ignore = "needs root: makes a network namespace and two TUN devices"]
fn nothing_is_left_behind_by_a_process_that_is_killed() {
    if std::env::var_os(CHILD).is_some() {
        let link = short();
        let Traces { device, namespace } = Traces::of(&link);
        println!("link {device} {namespace}");
        let _ = std::io::stdin().read(&mut [0]);
        return;
    }
    let (mut one, first) = another_process();
    let (mut other, second) = another_process();
    assert!(first.device != second.device && first.namespace != second.namespace);
    first.assert_there();
    second.assert_there();

    one.kill().unwrap();
    one.wait().unwrap();
    first.until_gone();

    second.assert_there();
    other.kill().unwrap();
    other.wait().unwrap();
    second.until_gone();
}
