//! A queue before a slow sink, with real writer threads: what the sink gets, and what the worker is told.

mod crew;
mod faults;
mod order;
mod stage;
mod stall;
mod stop;
mod stress;
