//! Fotoautomat: a photo booth that replaces a university card while you wait.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod app;
pub mod audit;
pub mod booth;
pub mod card;
pub mod cli;
pub mod config;
pub mod devices;
pub mod elements;
pub mod esc_router;
pub mod health;
pub mod http;
pub mod identity;
pub mod order;
pub mod outbox;
mod perform;
pub mod portal;
pub mod portrait;
pub mod runner;
pub mod screen;
pub mod session;
pub mod speech;
pub mod text;
pub mod theme;
pub mod widget;
