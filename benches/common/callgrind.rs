//! Instructions in user space, counted by callgrind in a client's process.
//!
//! The same work is run with fewer and with more requests; the difference is what the requests between cost, without
//! whatever is done once. callgrind collects in `runtime::measured_section` alone: what a case needs before it (ten
//! thousand connections, say) would else drown the difference in its noise.

use std::ffi::OsString;

use super::process;
use super::{Failure, Order, Outcome};

const TOOL: [&str; 6] = [
    "valgrind",
    "--tool=callgrind",
    "--callgrind-out-file=/dev/null",
    "--collect-atstart=no",
    "--toggle-collect=*measured_section*",
    "--max-stackframe=8388608",
];

/// Fails if there is no valgrind: what cannot be counted must not pass for good.
pub(crate) fn ensure_there_is_one() -> Outcome<()> {
    process::ensure_program("valgrind")
}

/// Instructions a request, from the difference between `few` and `many` of them.
pub(crate) fn instructions_a_request(order: &Order, few: u32, many: u32) -> Outcome<f64> {
    let of_few = collected(&with_requests(order, few))?;
    let of_many = collected(&with_requests(order, many))?;
    if of_few == 0.0 {
        return Err("callgrind does not find the section that is measured".into());
    }
    Ok((of_many - of_few) / f64::from(many - few))
}

fn with_requests(order: &Order, requests: u32) -> Order {
    Order {
        requests,
        ..order.clone()
    }
}

fn collected(order: &Order) -> Outcome<f64> {
    let tool = TOOL.map(OsString::from);
    let said = process::run_client(&tool, order)?;
    let mut lines = said.err.lines();
    let found = lines.find_map(|line| line.split_once("Collected :"));
    let (_, count) = found.ok_or_else(|| Failure::from(format!("no count in: {}", said.err)))?;
    Ok(count.trim().parse()?)
}
