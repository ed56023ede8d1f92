//! The rules, proven: one by one, as a table written down a second time, and by walking every state that can be reached.

mod attacks;
mod dependents;
mod environments;
mod framework;
mod gates_b_g;
mod gates_h;
mod gates_l;
mod gates_n;
mod gates_t;
mod gates_t_own;
mod given;
mod matrix;
mod overrides;
mod random;
mod samples;
mod stages;
mod support;
mod transitions;
mod waiting;
mod walk;
