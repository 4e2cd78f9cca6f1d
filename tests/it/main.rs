//! The integration tests, as one crate: stories that involve several modules, and the project's own rules (`tidy`).

#![allow(clippy::unwrap_used)]

mod alumni;
mod booth;
mod cards;
mod contract;
mod disk_faults;
mod harness;
mod kill;
mod memory;
mod oidc_provider;
mod outbox;
mod password;
mod phone;
mod portal;
mod portal_tls;
mod portrait;
mod powercut;
mod readers;
mod relay;
mod resume;
mod screens;
mod servers;
mod sign_in;
mod site;
mod staff;
mod tidy;
mod window;
