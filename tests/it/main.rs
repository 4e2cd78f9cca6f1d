//! The one integration crate: stories that cross the modules, and the house's own rules.

#![allow(clippy::unwrap_used)]

mod alumni;
mod booth;
mod cards;
mod harness;
mod memory;
mod oidc_provider;
mod outbox;
mod password;
mod phone;
mod portal;
mod portrait;
mod readers;
mod screens;
mod servers;
mod sign_in;
mod site;
mod staff;
mod tidy;
mod window;
