//! What the pages are made of: one view struct for each component, drawn by the macro of the same name in
//! `templates/macros/`.
//!
//! They hold words and shapes, never rules: a page fills them from what the service says, and `/styleguide` shows each
//! in every state.
mod action;
mod board;
mod chart;
mod contact;
mod field;
mod form;
mod gates;
mod lifecycle;
mod notice;
mod place;
mod review;
mod ribbon;
mod rollout;
mod status;
mod text;
mod timeline;
mod trouble;
mod turn;
mod work;

pub use action::{Action, Menu, Weight};
pub use board::{Answer, BoardRow, Count, Difference, FilterChip, Live, LiveState, Marked, Segment, Tile};
pub use chart::{Chart, Ink, round_top};
pub use contact::{CallCard, Contact, May, Phone, Reply, ThumbBar};
pub use field::{Choice, Field, Kind, Width};
pub use form::{ErrorSummary, Progress, Summary, SummarySection, Task, TaskList};
pub use gates::{GateBox, GateSection, GateState, GateView};
pub use lifecycle::{Edge, Lifecycle, Spot, Stage, Standing, Step};
pub use notice::{Banner, Blank, Tone};
pub use place::{Fact, Place, Tag, TagTone};
pub use review::{CodeLine, Decision, Finding, FindingState, Remark};
pub use ribbon::{Ribbon, RibbonMark, RibbonRun};
pub use rollout::{Aside, Bar, Cell, Matrix, Moments, Pace, Piece, Shade, Stat, TargetGroup, TargetRow};
pub use status::{Chip, Status};
pub use text::{in_sentence, plural, prose, solid};
pub use timeline::TimelineItem;
pub use trouble::{Change, DemoPeople, DemoPerson, ErrorPage, SignInPage, Trouble, Unsaved};
pub use turn::{Pip, Pips, Side, Turn};
pub use work::{WorkGroup, WorkRow};
