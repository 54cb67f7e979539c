//! The scenario table through the adapter: how a row is played is shared with `it`, what it must give is written here.

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
