//! The driver against the virtual reader, byte by byte through serialport and a pseudo terminal.

#![allow(clippy::unwrap_used)]

mod cards;
mod faults;
mod harness;
mod noise;
mod oracle;
mod secrecy;
mod tool;
mod usb;
