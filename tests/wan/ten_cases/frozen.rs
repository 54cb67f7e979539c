//! The freeze, as the wire shows it: from the moment at which the peer's end is seen the client writes nothing new, no
//! `close_notify`, no rest of a body and no FIN. Else a RST could answer that, and would say nothing of the request.

use std::time::Duration;

use super::case::Case;
use super::play::{Play, TRIES, Wire};
use super::request::Sender;
use crate::lab::{Conditions, Link, Packet, Way};
use crate::stacks::Stack;

const ROUND_TRIP: Duration = Duration::from_millis(20);
/// Long after the peer's end has arrived, and while the fate of what was sent is looked at.
const REST_AFTER: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs root: makes a network namespace and two TUN devices"]
async fn nothing_new_is_written_after_the_peers_end_was_seen() {
    for wire in Wire::of(Case::HalfClosesExecutesCloses) {
        for stack in Stack::BOTH {
            let play = Play {
                case: Case::HalfClosesExecutesCloses,
                wire: *wire,
                sender: Sender::Ours(stack),
                policy: unstale::RetryPolicy::default(),
                rest_after: REST_AFTER,
            };
            assert_frozen(&recorded(&play).await, &play);
        }
    }
}

/// The segments of a play in which the request crossed the peer's end. A link for each try: it has one connection.
async fn recorded(play: &Play) -> Vec<Packet> {
    for _ in 0..TRIES {
        let link = Link::start(Conditions::round_trip(ROUND_TRIP));
        link.record();
        if play.run(&link, None).await.was_sent() {
            return link.recorded();
        }
    }
    panic!("{play:?}: the request did not cross in {TRIES} plays");
}

/// Once the client's kernel has the peer's FIN, it sends what it acknowledges that with: the request, as often as it must, and
/// nothing that was written later.
fn assert_frozen(packets: &[Packet], play: &Play) {
    let has = |packet: &Packet, flag: &str| packet.flags.split(' ').any(|one| one == flag);
    let is_end = |packet: &&Packet| packet.way == Way::Out && has(packet, "FIN");
    let end = packets
        .iter()
        .find(is_end)
        .expect("the peer's FIN")
        .sequence;
    let ours = || packets.iter().filter(|packet| packet.way == Way::In);
    let (before, after): (Vec<_>, Vec<_>) =
        ours().partition(|packet| packet.acknowledged.is_none_or(|next| next <= end));
    let last = |packet: &&Packet| packet.sequence + u32::try_from(packet.length).unwrap();
    let written_before = before.iter().map(last).max();
    let written_after = after.iter().map(last).max();
    let is_frozen = written_after <= written_before && !ours().any(|packet| has(packet, "FIN"));
    let lines: Vec<String> = packets.iter().map(Packet::to_string).collect();
    assert!(is_frozen, "{play:?}\n{}", lines.join("\n"));
}
