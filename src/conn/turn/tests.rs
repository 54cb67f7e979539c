//! Who is woken, whoever drives, and that nothing is lost when the turn changes.

use std::sync::atomic::AtomicUsize;

use super::*;
use crate::conn::probe::SYSTEM;

/// A task that counts how often it was woken.
#[derive(Default)]
struct Task(AtomicUsize);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Task {
    /// How often since it was last asked.
    fn woken(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }
}

/// The task of a connection, and that of a request on it.
struct Scene {
    ledger: Arc<Ledger>,
    task: Arc<Task>,
    request: Arc<Task>,
}

impl Scene {
    fn new() -> Self {
        let scene = Self {
            ledger: Ledger::new(SYSTEM),
            task: Arc::default(),
            request: Arc::default(),
        };
        assert!(scene.task_is_polled());
        scene
    }

    fn task_is_polled(&self) -> bool {
        let waker = Waker::from(Arc::clone(&self.task));
        let is_its = self.ledger.is_tasks_turn(&Context::from_waker(&waker));
        if is_its {
            self.ledger.is_driven();
        }
        is_its
    }

    /// The request has driven the connection, and waits.
    fn request_waits(&self) {
        let waker = Waker::from(Arc::clone(&self.request));
        self.ledger.wait_in_turn(&Context::from_waker(&waker));
    }

    fn wake(&self) {
        Waker::from(Arc::clone(&self.ledger)).wake();
    }

    /// How often the task and the request were woken.
    fn woken(&self) -> (usize, usize) {
        (self.task.woken(), self.request.woken())
    }
}

#[test]
fn who_has_the_turn_is_woken_and_nobody_else() {
    let scene = Scene::new();
    scene.wake();
    assert_eq!(scene.woken(), (1, 0));
    scene.ledger.take_turn();
    scene.ledger.is_driven();
    scene.request_waits();
    scene.wake();
    assert_eq!(scene.woken(), (0, 1));
    scene.ledger.give_turn();
    scene.woken();
    scene.wake();
    assert_eq!(scene.woken(), (1, 0));
}

#[test]
fn the_task_leaves_a_connection_alone_that_is_not_its_turn() {
    let scene = Scene::new();
    scene.ledger.take_turn();
    assert!(!scene.task_is_polled());
    scene.ledger.give_turn();
    assert!(scene.task_is_polled());
}

#[test]
fn what_wakes_it_between_a_poll_and_the_wait_is_not_lost() {
    let scene = Scene::new();
    scene.ledger.take_turn();
    scene.ledger.is_driven();
    scene.wake();
    assert_eq!(scene.woken(), (0, 0));
    scene.request_waits();
    assert_eq!(scene.woken(), (0, 1));
}

#[test]
fn what_woke_it_since_it_was_last_polled_goes_to_the_task_with_the_turn() {
    for is_woken in [false, true] {
        let scene = Scene::new();
        scene.ledger.take_turn();
        scene.ledger.is_driven();
        scene.request_waits();
        if is_woken {
            scene.wake();
        }
        scene.ledger.give_turn();
        assert_eq!(scene.task.woken(), usize::from(is_woken));
    }
}

#[test]
fn a_request_that_never_drove_it_leaves_that_to_the_task() {
    let scene = Scene::new();
    scene.ledger.take_turn();
    scene.ledger.give_turn();
    assert_eq!(scene.woken(), (1, 0));
}

#[test]
fn the_task_is_known_though_it_was_first_polled_in_the_turn_of_a_request() {
    let scene = Scene {
        ledger: Ledger::new(SYSTEM),
        task: Arc::default(),
        request: Arc::default(),
    };
    scene.ledger.take_turn();
    assert!(!scene.task_is_polled());
    scene.ledger.give_turn();
    assert_eq!(scene.woken(), (1, 0));
}

#[test]
fn what_is_done_quietly_is_told_to_who_does_it_and_what_others_do_is_not_kept() {
    let scene = Scene::new();
    let quiet = scene.ledger.quiet();
    assert!(!quiet.end());
    let quiet = scene.ledger.quiet();
    scene.wake();
    assert!(quiet.end());
    assert_eq!(scene.woken(), (0, 0));
    scene.wake();
    assert_eq!(scene.woken(), (1, 0));

    let quiet = scene.ledger.quiet();
    std::thread::scope(|scope| scope.spawn(|| scene.wake()).join().unwrap());
    Waker::from(Ledger::new(SYSTEM)).wake();
    assert!(!quiet.end());
    assert_eq!(scene.woken(), (1, 0));
}

#[test]
fn a_socket_that_had_nothing_to_read_may_be_read_when_it_was_woken() {
    let scene = Scene::new();
    scene.ledger.is_read();
    assert!(!scene.ledger.may_read());
    scene.wake();
    assert!(scene.ledger.may_read());
    let waker = Waker::from(Arc::clone(&scene.ledger));
    assert!(scene.ledger.is_by(&Context::from_waker(&waker)));
    let waker = Waker::from(Arc::clone(&scene.task));
    assert!(!scene.ledger.is_by(&Context::from_waker(&waker)));
}
