//! The switches that are thrown while packets pass.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use super::echo::{Echo, answer, send};
use super::{PATIENCE, short, until};
use crate::lab::{Conditions, Link, Way};

fn connected(link: &Link) -> (TcpStream, TcpStream) {
    let listener = link.inside(|| TcpListener::bind((link.address(), 0)).unwrap());
    let here = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (inside, _) = listener.accept().unwrap();
    (here, inside)
}

#[test]
#[ignore = "needs root: makes a network namespace and two TUN devices"]
fn a_black_hole_swallows_everything_until_it_heals() {
    let link = short();
    let (mut here, mut inside) = connected(&link);
    link.black_hole();
    here.write_all(b"x").unwrap();
    until("the kernel has sent it a second time", || {
        link.counters(Way::In).swallowed >= 2
    });
    inside.set_nonblocking(true).unwrap();
    let read = inside.read(&mut [0]);
    assert_eq!(read.unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(
        here.take_error().unwrap().map(|e| e.kind()),
        None,
        "silence"
    );

    link.heal();
    inside.set_nonblocking(false).unwrap();
    inside.set_read_timeout(Some(PATIENCE)).unwrap();
    inside.read_exact(&mut [0]).unwrap();
}

#[test]
#[ignore = "needs root: makes a network namespace and two TUN devices"]
fn a_black_hole_swallows_what_is_on_its_way() {
    let link = short();
    let (echo, socket) = Echo::over(&link);
    link.set(Way::In, Conditions::delay(PATIENCE));
    send(&socket, 1);
    until("it is on its way", || link.counters(Way::In).entered == 1);
    link.black_hole();
    assert_eq!(link.counters(Way::In).swallowed, 1);
    link.heal();
    link.set(Way::In, Conditions::delay(Duration::ZERO));
    send(&socket, 2);
    until("the next one arrives", || echo.received() == [2]);
}

#[test]
#[ignore = "needs root: makes a network namespace and two TUN devices"]
fn one_way_alone_can_be_cut() {
    let link = short();
    let (echo, socket) = Echo::over(&link);

    link.cut(Way::Out);
    send(&socket, 1);
    until("the answer was swallowed", || {
        link.counters(Way::Out).swallowed == 1
    });
    assert_eq!(echo.received(), [1]);

    link.heal();
    link.cut(Way::In);
    send(&socket, 2);
    until("the question was swallowed", || {
        link.counters(Way::In).swallowed == 1
    });

    link.heal();
    send(&socket, 3);
    assert_eq!(answer(&socket), Some(3), "1 and 2 came back to nobody");
    assert_eq!(echo.received(), [1, 3]);
}

#[test]
#[ignore = "needs root: makes a network namespace and two TUN devices"]
fn two_links_at_once_know_nothing_of_each_other() {
    let (one, other) = (short(), short());
    assert_ne!(one.address(), other.address());
    let (_far, to_one) = Echo::over(&one);
    let (_farther, to_other) = Echo::over(&other);
    one.black_hole();
    send(&to_one, 1);
    send(&to_other, 2);
    assert_eq!(answer(&to_other), Some(2));
    until("it was swallowed", || one.counters(Way::In).swallowed == 1);
    assert_eq!(other.counters(Way::In).swallowed, 0);
}
