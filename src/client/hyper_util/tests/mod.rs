//! What the adapter rests on in hyper and hyper-util, which is behaviour and not contract: an update that changes it must
//! fail here.

mod attacked;
mod mark;
mod pins;
