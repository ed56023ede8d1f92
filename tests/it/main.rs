//! One binary of tests for the whole of Custody.
