//! `camctl` as staff run it, and the V4L2 driver against cameras that exist only in software.

mod bed;
mod harness;
mod tool;
