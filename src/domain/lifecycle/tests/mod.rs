//! The rules, proven: one by one, as a table written down a second time, and by walking every state that can be reached.

mod attacks;
mod gates_h;
mod gates_l;
mod gates_n_b_g;
mod gates_t;
mod given;
mod matrix;
mod random;
mod samples;
mod support;
mod transitions;
mod walk;
