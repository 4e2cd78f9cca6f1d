//! The one integration crate: stories that cross the modules, and the house's own rules.

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
