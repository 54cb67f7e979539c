//! The scenario table through the adapter: how a row is played is shared with `it`, what it must give is written here.
//!
//! In every row a POST is executed once at most. What is guaranteed beyond that depends on whether the kernel is asked.

#[path = "../../it/scenario/call.rs"]
pub mod call;
#[path = "../../it/scenario/mode.rs"]
pub mod mode;
#[path = "../../it/scenario/play.rs"]
pub mod play;
#[path = "../../it/scenario/row.rs"]
pub mod row;
#[path = "../../it/scenario/upload.rs"]
pub mod upload;

mod answered;
mod ended;
mod fresh;
mod lost;
mod streamed;
mod verdicts;
