//! Every rule of the process, pure: no clock, no randomness, no input or output.

pub mod calling;
pub mod contact;
pub mod cycle;
pub mod device;
pub mod due;
pub mod id;
pub mod journal;
pub mod lifecycle;
pub mod nearest;
pub mod network;
pub mod observation;
pub mod person;
pub mod policy;
pub mod refusal;
pub mod release;
pub mod repository;
pub mod request;
pub mod review;
pub mod server;
pub mod story;
pub mod support;
pub mod tag;
pub mod version;
