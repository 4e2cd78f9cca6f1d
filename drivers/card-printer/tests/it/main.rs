//! Whole programs: `printctl` and foreign ones, above the system's libusb, on a bus that exists only in software.

#![allow(clippy::unwrap_used)] // a test that unwraps says what it expects

mod colour;
mod cups;
mod frugal;
mod gutenprint;
mod harness;
mod on_bus;
mod oracle;
mod pictures;
mod spooler;
mod tcp;
mod usb;
